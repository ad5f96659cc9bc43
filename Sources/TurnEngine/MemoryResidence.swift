import Model

/// How much long-term memory a table holds, and what must stay.
struct MemoryResidence: Sendable {
    /// Bytes, about, above which entries are left to the recorder.
    let limit: Int
    /// Bytes of long-term memory that are here, about.
    var bytes = 0
    /// Count of uses so far.
    var uses: UInt64 = 0
    /// How many wait for an agent in full: it must not be left to the recorder again before they have seen it.
    var awaited: [AgentID: Int] = [:]
    /// Bytes above which it is worth looking again for what can go.
    private(set) var threshold: Int
    /// Whether some that should go is still here because archiving looks at a few agents at a time.
    var isUnderWay = false
    /// Agents whose memory may go, in the order in which it does.
    var queue = ArchiveQueue()

    init(limit: Int) {
        self.limit = limit
        threshold = limit
    }

    /// What is left after some has gone: three quarters, so that not every memory that comes back sends another away.
    var goal: Int { limit - limit / 4 }

    /// All that can go has gone. Where that was not enough, nothing more can until there are other entries.
    mutating func settle() { threshold = bytes > goal ? max(limit, bytes + limit / 8) : limit }

    /// There is more that can go: a snapshot holds it now.
    mutating func reconsider() { threshold = limit }
}
