import Support

/// What a host counts for its progress reports.
struct HostCounters: Sendable {
    /// A partition's round.
    struct Roots: Sendable, Equatable {
        var planned: UInt64 = 0
        var committed: UInt64 = 0
        var failed: UInt64 = 0
    }

    private var partitions: [UInt32: Roots] = [:]
    /// Root turns that have become durable in this life.
    private(set) var turns: UInt64 = 0
    /// How many of these failed.
    private(set) var turnsFailed: UInt64 = 0
    var calls: UInt64 = 0
    var waiting: UInt64 = 0
    var tokens: UInt64 = 0

    /// Partitions that a round is planned for.
    var planned: Int { partitions.count }

    /// Root turns of the held partitions in the present round.
    var roots: Roots {
        partitions.values.reduce(into: Roots()) { sum, roots in
            sum.planned += roots.planned
            sum.committed += roots.committed
            sum.failed += roots.failed
        }
    }

    /// A new round begins.
    mutating func beginRound() { partitions = [:] }

    /// A partition's round is planned, and part of it durable.
    mutating func planned(_ roots: Roots, in partition: UInt32) { partitions[partition] = roots }

    /// A root turn is durable.
    mutating func committed(in partition: UInt32, failed: Bool) {
        turns += 1
        if failed { turnsFailed += 1 }
        guard partitions[partition] != nil else { return }
        partitions[partition]?.committed += 1
        if failed { partitions[partition]?.failed += 1 }
    }

    /// A partition is lost.
    mutating func drop(_ partition: UInt32) { partitions[partition] = nil }
}
