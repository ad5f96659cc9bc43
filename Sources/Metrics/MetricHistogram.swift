/// How often which amount was seen, in buckets with fixed upper ends. A value: whoever counts keeps it, and hands out
/// copies.
public struct MetricHistogram: Sendable, Equatable {
    /// Upper ends of the buckets, rising; what lies above the last counts in the sum and the total alone.
    public let bounds: [Double]
    /// Amounts in each bucket, not added up.
    public private(set) var counts: [UInt64]
    /// All amounts that were seen.
    public private(set) var count: UInt64 = 0
    /// Their sum.
    public private(set) var sum = 0.0

    /// An empty histogram.
    public init(bounds: [Double]) {
        precondition(
            !bounds.isEmpty && bounds.allSatisfy(\.isFinite) && zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 },
            "the ends of buckets rise")
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count)
    }

    /// Counts one amount; one that is no number is left out.
    public mutating func observe(_ amount: Double) {
        guard amount.isFinite else { return }
        count += 1
        sum += amount
        if let bucket = bounds.firstIndex(where: { amount <= $0 }) { counts[bucket] += 1 }
    }

    /// Seconds of a call to a model: 5 ms to 10 minutes.
    public static let callSeconds = MetricHistogram(
        bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600])
    /// Seconds of a write that is synced: 0.1 ms to 10 s.
    public static let syncSeconds = MetricHistogram(
        bounds: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10])
}
