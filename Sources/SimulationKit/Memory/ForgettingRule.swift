/// What an agent forgets first when its long-term memory is full.
public enum ForgettingRule: String, Sendable, CaseIterable {
    /// What was remembered first.
    case oldest
    /// What was rated lowest; of equal ratings, what was remembered first.
    case leastImportant = "least_important"

    /// Places of the `count` entries that go, in ascending order; all of them where there are fewer.
    func chosen(from long: [MemoryState.LongEntry], count: Int) -> [Int] {
        let count = min(max(0, count), long.count)
        switch self {
        case .oldest: return Array(0..<count)
        case .leastImportant:
            // Ratings are few: how many of each there are tells the last that goes entirely, and no sorting is needed.
            var left = count
            var quota = [Int](repeating: 0, count: 256)
            for entry in long { quota[Int(entry.importance)] += 1 }
            for rating in quota.indices {
                quota[rating] = min(quota[rating], left)
                left -= quota[rating]
            }
            return long.indices.filter { index in
                let rating = Int(long[index].importance)
                guard quota[rating] > 0 else { return false }
                quota[rating] -= 1
                return true
            }
        }
    }
}
