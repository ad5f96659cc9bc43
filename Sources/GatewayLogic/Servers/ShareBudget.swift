import Support

/// Allows something for a share of all requests, and so often a second besides: retries and hedges, which must not
/// become a load of their own.
struct ShareBudget: Sendable {
    private let percent: Int
    private let perSecond: Int
    /// Most hundredths that can be saved up.
    private let most: Int
    /// What is left, in hundredths.
    private var left: Int
    private var refilled: Instant?

    /// A budget of `percent` hundredths of what is `earned` and of `perSecond`, saved up to `burst`.
    init(percent: Int, perSecond: Int, burst: Int) {
        self.percent = percent
        self.perSecond = perSecond
        most = burst * 100
        left = perSecond > 0 ? most : 0
    }

    /// A request was sent.
    mutating func earn() { left = min(most, left + percent) }

    /// Takes one; false when none is left.
    mutating func spend(at now: Instant) -> Bool {
        guard isAnyLeft(at: now) else { return false }
        left -= 100
        return true
    }

    /// Whether one could be taken.
    mutating func isAnyLeft(at now: Instant) -> Bool {
        refill(at: now)
        return left >= 100
    }

    private mutating func refill(at now: Instant) {
        guard perSecond > 0 else { return }
        let gained = Int(min(now.since(refilled ?? now).seconds, 3_600) * Double(perSecond * 100))
        // Less than a hundredth waits for the next time, or many small steps would gain nothing.
        guard gained > 0 || refilled == nil else { return }
        left = min(most, left + gained)
        refilled = now
    }
}
