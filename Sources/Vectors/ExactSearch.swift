import CVectorKernels

/// Exhaustive search for the nearest vectors by integer inner product: exact, and the same everywhere.
///
/// The vectors lie one behind the other in memory, at two bytes a component.
public struct ExactSearch: Sendable {
    /// Which of several equally near vectors comes first.
    public enum Ties: Sendable {
        /// The one with the lowest index.
        case lowestIndex
        /// The one with the highest index: the newest, where vectors are appended as time goes on.
        case highestIndex
    }

    /// A vector that was found.
    public struct Match: Hashable, Sendable {
        /// Its index.
        public var index: Int
        /// Its inner product with the query, in units of 2^-28.
        public var product: Int64

        /// The vector at `index`, found with `product`.
        public init(index: Int, product: Int64) {
            self.index = index
            self.product = product
        }
    }

    /// Components of each vector.
    public let dimension: Int
    /// Number of vectors.
    public private(set) var count = 0
    private var matrix: [Int16] = []
    /// The largest product of a vector with itself.
    private var largestSquare: Int64 = 0

    /// A search without vectors yet, with room for `capacity`.
    public init(dimension: Int, capacity: Int = 0) {
        precondition(dimension > 0, "a vector has at least one component")
        self.dimension = dimension
        matrix.reserveCapacity(dimension * capacity)
    }

    /// Adds a vector under the next index.
    public mutating func append(_ vector: FixedVector) throws(VectorError) {
        guard vector.dimension == dimension else {
            throw .dimension(found: vector.dimension, expected: dimension)
        }
        matrix.append(contentsOf: vector.components)
        largestSquare = max(largestSquare, vector.dot(vector))
        count += 1
    }

    /// Inner products of all vectors with `query`, in units of 2^-28, by index. The query must have the vectors'
    /// dimension: whoever receives vectors from a model checks that.
    public func products(with query: FixedVector) -> [Int64] {
        guard count > 0 else { return [] }
        precondition(query.dimension == dimension, "a query has the dimension of what it searches")
        return [Int64](unsafeUninitializedCapacity: count) { products, filled in
            query.components.withUnsafeBufferPointer { queries in
                compute(queries, count: 1, rows: 0..<count, isBounded: isBounded(query), into: products, stride: count)
            }
            filled = count
        }
    }

    /// The `count` nearest vectors, the nearest first.
    public func nearest(to query: FixedVector, count: Int, ties: Ties = .lowestIndex) -> [Match] {
        nearest(to: [query], count: count, ties: ties)[0]
    }

    /// The `count` nearest vectors of each query, in the order of the queries. Many at once cost less than one by one:
    /// each vector is fetched from memory once for all of them.
    public func nearest(to queries: [FixedVector], count wanted: Int, ties: Ties = .lowestIndex) -> [[Match]] {
        var best = queries.map { _ in BestMatches(count: wanted, ties: ties) }
        guard wanted > 0, count > 0 else { return best.map(\.matches) }
        for start in stride(from: 0, to: queries.count, by: Self.queriesAtOnce) {
            let group = start..<min(start + Self.queriesAtOnce, queries.count)
            search(queries, group, &best)
        }
        return best.map(\.matches)
    }

    /// Queries whose products are made in one pass, and rows between two looks at them: together they stay in the
    /// processor's cache.
    private static let queriesAtOnce = 64
    private static let rowsAtOnce = 128

    private func search(_ queries: [FixedVector], _ group: Range<Int>, _ best: inout [BestMatches]) {
        var packed: [Int16] = []
        packed.reserveCapacity(group.count * dimension)
        var isBounded = true
        for query in queries[group] {
            precondition(query.dimension == dimension, "a query has the dimension of what it searches")
            packed += query.components
            isBounded = isBounded && self.isBounded(query)
        }
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: group.count * Self.rowsAtOnce) { products in
            packed.withUnsafeBufferPointer { packed in
                for start in stride(from: 0, to: count, by: Self.rowsAtOnce) {
                    let rows = start..<min(start + Self.rowsAtOnce, count)
                    compute(
                        packed, count: group.count, rows: rows, isBounded: isBounded, into: products,
                        stride: Self.rowsAtOnce)
                    for (place, query) in group.enumerated() {
                        let row = place * Self.rowsAtOnce
                        best[query].take(
                            UnsafeBufferPointer(rebasing: products[row..<row + rows.count]), firstIndex: start)
                    }
                }
            }
        }
    }

    /// Products of `queries`, one behind the other, with some rows.
    private func compute(
        _ queries: UnsafeBufferPointer<Int16>, count queryCount: Int, rows: Range<Int>, isBounded: Bool,
        into products: UnsafeMutableBufferPointer<Int64>, stride: Int
    ) {
        matrix.withUnsafeBufferPointer { matrix in
            guard let queryBase = queries.baseAddress, let productBase = products.baseAddress,
                let matrixBase = matrix.baseAddress.map({ $0 + rows.lowerBound * dimension })
            else { return }
            if isBounded {
                vector_products_int16(
                    queryBase, queryCount, matrixBase, rows.count, dimension, productBase, stride)
            } else {
                for query in 0..<queryCount {
                    vector_dot_rows_int16(
                        queryBase + query * dimension, matrixBase, rows.count, dimension, productBase + query * stride)
                }
            }
        }
    }

    /// Whether no sum of a product with `query` can leave 32 bits: the product of the lengths is below 2^31.
    private func isBounded(_ query: FixedVector) -> Bool {
        let (product, overflow) = query.dot(query).multipliedReportingOverflow(by: largestSquare)
        return !overflow && product < 1 << 62
    }

    /// The `count` largest products, the largest first.
    public static func best(of products: [Int64], count: Int, ties: Ties) -> [Match] {
        var best = BestMatches(count: count, ties: ties)
        products.withUnsafeBufferPointer { best.take($0, firstIndex: 0) }
        return best.matches
    }
}
