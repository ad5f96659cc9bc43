import Support

/// How many tokens are sent in a second, over the last few.
struct DispatchRate {
    private var perSecond = 0.0
    private var since: Instant?
    private var tokens = 0

    mutating func dispatched(_ count: Int, at now: Instant) {
        guard let since else {
            since = now
            tokens = count
            return
        }
        tokens += count
        let span = now.since(since).seconds
        guard span >= 1 else { return }
        let latest = Double(tokens) / span
        perSecond = perSecond == 0 ? latest : (perSecond + latest) / 2
        self.since = now
        tokens = 0
    }

    /// How long sending so many takes as things go; nil when nothing was sent yet.
    func time(for count: Int) -> Span? { perSecond > 0 ? .seconds(Double(count) / perSecond) : nil }
}
