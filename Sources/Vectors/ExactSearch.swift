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
        count += 1
    }

    /// Inner products of all vectors with `query`, in units of 2^-28, by index. The query must have the vectors'
    /// dimension: whoever receives vectors from a model checks that.
    public func products(with query: FixedVector) -> [Int64] {
        guard count > 0 else { return [] }
        precondition(query.dimension == dimension, "a query has the dimension of what it searches")
        return [Int64](unsafeUninitializedCapacity: count) { products, filled in
            query.components.withUnsafeBufferPointer { query in
                matrix.withUnsafeBufferPointer { matrix in
                    guard let queryBase = query.baseAddress, let matrixBase = matrix.baseAddress,
                        let productBase = products.baseAddress
                    else { return }
                    vector_dot_rows_int16(queryBase, matrixBase, count, dimension, productBase)
                    filled = count
                }
            }
        }
    }

    /// The `count` nearest vectors, the nearest first.
    public func nearest(to query: FixedVector, count: Int, ties: Ties = .lowestIndex) -> [Match] {
        ExactSearch.best(of: products(with: query), count: count, ties: ties)
    }

    /// The `count` largest products, the largest first.
    public static func best(of products: [Int64], count: Int, ties: Ties) -> [Match] {
        guard count > 0 else { return [] }
        func precedes(_ left: Match, _ right: Match) -> Bool {
            if left.product != right.product { return left.product > right.product }
            return ties == .lowestIndex ? left.index < right.index : left.index > right.index
        }
        // Kept sorted: few are wanted beside the number of products, and most products end at the first comparison.
        var best: [Match] = []
        for (index, product) in products.enumerated() {
            let match = Match(index: index, product: product)
            if best.count == count {
                guard let last = best.last, precedes(match, last) else { continue }
                best.removeLast()
            }
            best.insert(match, at: best.firstIndex { precedes(match, $0) } ?? best.endIndex)
        }
        return best
    }
}
