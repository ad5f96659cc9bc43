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
}
