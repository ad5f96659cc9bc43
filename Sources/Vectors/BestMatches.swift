import CVectorKernels

/// Keeps the largest of the products that it is shown in ascending order of their indexes.
struct BestMatches {
    private let count: Int
    private let ties: ExactSearch.Ties
    /// What was kept, the best first.
    private(set) var matches: [ExactSearch.Match] = []

    /// Keeps at most `count`; of equal products that which `ties` puts first.
    init(count: Int, ties: ExactSearch.Ties) {
        self.count = count
        self.ties = ties
    }

    /// Looks at products whose first has the index `firstIndex`, above every index before.
    mutating func take(_ products: UnsafeBufferPointer<Int64>, firstIndex: Int) {
        guard let base = products.baseAddress, count > 0 else { return }
        var place = 0
        while place < products.count {
            // Most products end at the comparison with the last that is kept.
            if matches.count == count, let last = matches.last {
                place = vector_first_above(base, place, products.count, bound(last.product))
                guard place < products.count else { return }
                matches.removeLast()
            }
            let match = ExactSearch.Match(index: firstIndex + place, product: products[place])
            // Kept sorted: few are wanted beside the number of products.
            let slot = matches.lastIndex { !isBefore(match, $0) }.map { $0 + 1 } ?? 0
            matches.insert(match, at: slot)
            place += 1
        }
    }

    /// What a product must be above to be kept. Indexes ascend, so an equal one is kept where the highest index is
    /// wanted.
    private func bound(_ last: Int64) -> Int64 {
        ties == .lowestIndex || last == .min ? last : last - 1
    }

    /// Whether `new`, whose index is above all others, goes before `old`.
    private func isBefore(_ new: ExactSearch.Match, _ old: ExactSearch.Match) -> Bool {
        ties == .lowestIndex ? new.product > old.product : new.product >= old.product
    }
}
