import Support

/// What a host counts for its progress reports.
struct HostCounters: Sendable {
    var planned: UInt64 = 0
    var committed: UInt64 = 0
    var failed: UInt64 = 0
    var calls: UInt64 = 0
    var waiting: UInt64 = 0
    var tokens: UInt64 = 0
}
