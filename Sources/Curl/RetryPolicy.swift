import Support

/// How long to wait before a request is sent again: exponential backoff with jitter, and never less than the
/// server asked for.
public struct RetryPolicy: Sendable, Equatable {
    /// The wait before the first retry, before jitter.
    public var first: Span
    /// The longest wait of our own choice, before jitter.
    public var longest: Span
    /// The longest wait that a server's `Retry-After` may ask for: whatever it says, it is asked again some time.
    public var longestAsked: Span

    /// A policy; see the properties.
    public init(
        first: Span = .milliseconds(100), longest: Span = .seconds(10), longestAsked: Span = .seconds(120)
    ) {
        self.first = first
        self.longest = longest
        self.longestAsked = longestAsked
    }

    /// What a server asked for, as far as it is honoured.
    public func honoured(_ retryAfter: Span?) -> Span? { retryAfter.map { min($0, longestAsked) } }

    /// The wait before retry number `retry`, which counts from 0.
    ///
    /// Doubles from ``first`` to ``longest`` and takes between half and all of it ("equal jitter"): requests that
    /// failed together do not come back together.
    /// - Parameters:
    ///   - jitter: 64 random bits.
    ///   - retryAfter: what the server asked for.
    public func delay(retry: Int, jitter: UInt64, retryAfter: Span? = nil) -> Span {
        let shift = min(max(0, retry), 32)
        let (doubled, overflow) = first.nanoseconds.multipliedReportingOverflow(by: 1 << UInt64(shift))
        let whole = overflow ? longest.nanoseconds : min(doubled, longest.nanoseconds)
        let half = whole / 2
        let backoff = half + jitter.multipliedFullWidth(by: whole - half + 1).high
        return max(Span(nanoseconds: backoff), honoured(retryAfter) ?? Span(nanoseconds: 0))
    }

    /// Statuses that say "not now": the same request may succeed later or elsewhere.
    public static func isTransient(status: Int) -> Bool {
        switch status {
        case 408, 425, 429, 500, 502, 503, 504: true
        case 501, 505: false
        default: status >= 506
        }
    }
}
