import CVectorKernels
import Hashing
import Testing
import Vectors

@Suite struct ExactSearchTests {
    @Test func theNearestAreThoseThatSortingAllGives() throws {
        var generator = SeededGenerator(seed: 3)
        var search = ExactSearch(dimension: 20)
        for _ in 0..<200 {
            try search.append(FixedVector(components: (0..<20).map { _ in Int16(generator.below(5) - 2) }))
        }
        let query = FixedVector(components: (0..<20).map { _ in Int16(generator.below(5) - 2) })
        let products = search.products(with: query)
        for ties in [ExactSearch.Ties.lowestIndex, .highestIndex] {
            let sorted = products.indices.sorted { left, right in
                products[left] != products[right]
                    ? products[left] > products[right] : (ties == .lowestIndex) == (left < right)
            }
            for limit in [0, 1, 10, 500] {
                let found = search.nearest(to: query, count: limit, ties: ties)
                #expect(found.map(\.index) == Array(sorted.prefix(limit)))
            }
        }
    }

    @Test func tiesGoToTheEndThatIsAskedFor() throws {
        var search = ExactSearch(dimension: 1)
        for component: Int16 in [1, 5, 5, 2] { try search.append(FixedVector(components: [component])) }
        let query = FixedVector(components: [1])
        #expect(search.nearest(to: query, count: 1, ties: .lowestIndex).map(\.index) == [1])
        #expect(search.nearest(to: query, count: 1, ties: .highestIndex).map(\.index) == [2])
    }

    @Test func vectorsOfAnotherLengthAreRefused() throws {
        var search = ExactSearch(dimension: 2)
        #expect(throws: VectorError.dimension(found: 1, expected: 2)) {
            try search.append(FixedVector(components: [1]))
        }
        #expect(search.nearest(to: FixedVector(components: [1, 1]), count: 3).isEmpty)
    }

    @Test func everyWayOfComputingProductsGivesTheSame() {
        var generator = SeededGenerator(seed: 23)
        for (queries, rows, count) in [(1, 1, 1), (3, 5, 31), (4, 9, 33), (5, 130, 64), (9, 300, 100), (2, 7, 768)] {
            let left = (0..<queries * count).map { _ in Int16(generator.below(4_001) - 2_000) }
            let right = (0..<rows * count).map { _ in Int16(generator.below(4_001) - 2_000) }
            var expected: [Int64] = []
            for query in 0..<queries {
                for row in 0..<rows {
                    expected.append(
                        (0..<count).reduce(0) { $0 + Int64(left[query * count + $1]) * Int64(right[row * count + $1]) })
                }
            }
            for path in 0...vector_best_path().rawValue {
                var products = [Int64](repeating: .min, count: queries * rows)
                vector_products_on_path(vector_path(path), left, queries, right, rows, count, &products, rows)
                #expect(products == expected, "path \(path), \(queries) queries, \(rows) rows of \(count)")
            }
        }
    }

    /// Lanes of 32 bits would overflow: 1,000 products of 2^30.
    @Test func vectorsFarLongerThanOneAreSearchedExactly() throws {
        let extreme = [Int16](repeating: .max, count: 1_000)
        var search = ExactSearch(dimension: 1_000)
        try search.append(FixedVector(components: extreme))
        try search.append(FixedVector(components: extreme.map { -$0 }))
        let query = FixedVector(components: extreme)
        let product: Int64 = 1_000 * 32_767 * 32_767
        #expect(
            search.nearest(to: query, count: 2) == [
                .init(index: 0, product: product), .init(index: 1, product: -product),
            ])
        #expect(search.products(with: query) == [product, -product])
    }

    @Test func manyQueriesAtOnceFindWhatEachFindsAlone() throws {
        var generator = SeededGenerator(seed: 29)
        func vector() -> FixedVector {
            FixedVector(components: (0..<24).map { _ in Int16(generator.below(7) - 3) })
        }
        var search = ExactSearch(dimension: 24)
        for _ in 0..<700 { try search.append(vector()) }
        let queries = (0..<70).map { _ in vector() }
        for ties in [ExactSearch.Ties.lowestIndex, .highestIndex] {
            let together = search.nearest(to: queries, count: 12, ties: ties)
            for (query, found) in zip(queries, together) {
                #expect(found == ExactSearch.best(of: search.products(with: query), count: 12, ties: ties))
            }
        }
        #expect(search.nearest(to: [], count: 3).isEmpty)
    }
}
