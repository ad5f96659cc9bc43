/// How a host that takes part is at one moment.
struct HostReading: Sendable {
    /// The round that it is in, 0 before the first.
    var round: UInt32
    var counters: HostCounters
    /// Bytes of agents' long-term memory that it holds, about.
    var memoryBytes: Int
    /// Partitions of which a snapshot is captured and not yet stored.
    var pendingSnapshots: Int
}
