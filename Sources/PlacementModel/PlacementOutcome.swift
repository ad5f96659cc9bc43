/// What a placement came to.
public struct PlacementOutcome: Sendable {
    /// Prefill tokens of each server.
    public var work: [Int]
    /// Part of all prompt tokens that was cached.
    public var hitRate: Double
    /// Requests that were served.
    public var served: Int

    /// Prefill tokens of the busiest server: how long the round takes.
    public var makespan: Int { work.max() ?? 0 }
    /// The busiest server's work over the mean.
    public var imbalance: Double { Double(makespan * work.count) / Double(max(1, work.reduce(0, +))) }

    init(_ servers: [ModelServer], served: Int) {
        work = servers.map(\.work)
        let hits = servers.reduce(0) { $0 + $1.hits }
        hitRate = Double(hits) / Double(max(1, served * PlacementWorkload.tokens))
        self.served = served
    }

    /// How many times faster this is than another.
    public func gain(over other: PlacementOutcome) -> Double { Double(other.makespan) / Double(max(1, makespan)) }
}
