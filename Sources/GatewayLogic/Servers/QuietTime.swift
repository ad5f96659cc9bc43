import Support

/// For how long a server has held requests and brought nothing. Time without any request does not count.
struct QuietTime: Sendable {
    private var since = Instant(nanoseconds: 0)
    /// Silence before the server's last request was taken from it.
    private var earlier: UInt64 = 0
    /// When the oldest request was sent that was given up late and in vain.
    private var oldestLate: Instant?

    /// A request was sent; `isFirst` where the server had none.
    mutating func dispatched(isFirst: Bool, at now: Instant) {
        guard isFirst else { return }
        since = now
    }

    /// Something came.
    mutating func brought(at now: Instant) { self = QuietTime(since: now) }

    /// A request was given up; `isLate` where it had taken suspiciously long, as one whose hedge was faster. Those
    /// are no sign of life: else hedges would hide a server that hangs. `isLast` where none is left.
    mutating func cancelled(sentAt: Instant, isLate: Bool, isLast: Bool, at now: Instant) {
        if isLate { oldestLate = min(oldestLate ?? sentAt, sentAt) }
        guard isLast else { return }
        earlier = oldestLate == nil ? 0 : earlier + now.since(since).nanoseconds
        since = now
    }

    /// Whether the server, whose oldest request was sent then, has held something for longer than `limit` and
    /// brought nothing in that time.
    func exceeds(_ limit: Span, oldest: Instant, at now: Instant) -> Bool {
        Span(nanoseconds: earlier + now.since(since).nanoseconds) > limit
            && now.since(min(oldest, oldestLate ?? oldest)) > limit
    }

    init(since: Instant = Instant(nanoseconds: 0)) { self.since = since }
}
