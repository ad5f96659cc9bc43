import Support

/// Lengths of time, counted by their size as Prometheus does.
public struct GPUHistogram: Sendable, Equatable {
    /// Upper ends of the buckets in seconds; what is longer is in no bucket but counts.
    public let bounds: [Double]
    /// How many lengths are at most as long as the bound at the same place.
    public private(set) var counts: [Int]
    /// How many lengths there are.
    public private(set) var count = 0
    /// All lengths together, in seconds.
    public private(set) var sum = 0.0

    /// An empty histogram with vLLM's bounds of the time to the first token.
    public init() {
        bounds = [
            0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
            2_560,
        ]
        counts = bounds.map { _ in 0 }
    }

    mutating func record(_ length: Span) {
        count += 1
        sum += length.seconds
        for (place, bound) in bounds.enumerated() where length.seconds <= bound { counts[place] += 1 }
    }
}
