import Support

/// Which hosts have been heard of lately. Time comes in with each call and decides on liveness alone: safety is the
/// recorder's, who refuses old epochs.
public struct Membership: Sendable {
    /// A host that was silent for so long is lost.
    public let lease: Span
    private var heard: [UInt32: Instant] = [:]
    private var lastTick: Instant?

    /// A membership without hosts.
    public init(lease: Span) { self.lease = lease }

    /// A host gave a sign of life.
    public mutating func hear(_ host: UInt32, now: Instant) { heard[host] = now }

    /// A host is not waited for any more.
    public mutating func forget(_ host: UInt32) { heard[host] = nil }

    /// Time has passed: returns the hosts whose lease ran out, in order, and forgets them.
    ///
    /// When ticks are far apart it was we who slept, and what hosts said meanwhile has yet to be read: then they all
    /// get fresh time.
    public mutating func tick(now: Instant) -> [UInt32] {
        defer { lastTick = now }
        if let lastTick, now.since(lastTick).nanoseconds > lease.nanoseconds / 3 {
            for host in heard.keys { heard[host] = now }
            return []
        }
        let lost = heard.filter { now.since($0.value) >= lease }.keys.sorted()
        for host in lost { heard[host] = nil }
        return lost
    }
}
