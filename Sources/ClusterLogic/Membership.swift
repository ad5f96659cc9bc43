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
    /// When ticks are a lease apart it was we who slept, and what hosts said meanwhile has yet to be read: then they
    /// all get fresh time. Of a gap that is only long, a third of the lease counts: a coordinator on a busy machine,
    /// whose every tick is late, must lose the silent all the same.
    public mutating func tick(now: Instant) -> [UInt32] {
        defer { lastTick = now }
        if let lastTick {
            let (gap, most) = (now.since(lastTick).nanoseconds, lease.nanoseconds / 3)
            if gap >= lease.nanoseconds {
                heard = heard.mapValues { _ in now }
                return []
            }
            if gap > most { heard = heard.mapValues { $0 + Span(nanoseconds: gap - most) } }
        }
        let lost = heard.filter { now.since($0.value) >= lease }.keys.sorted()
        for host in lost { heard[host] = nil }
        return lost
    }
}
