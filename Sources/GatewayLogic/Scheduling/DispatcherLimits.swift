import Support

/// Bounds and constants of the ``Dispatcher``.
public struct DispatcherLimits: Sendable, Equatable {
    /// Bytes of calls that may wait.
    public var bytes: Int
    /// After how long a waiting call counts as one priority higher, and again after as long; what waits longer than
    /// that is now and then sent out of its turn.
    public var ageing: Span
    /// Every how many calls of a flow the one that has waited longest goes first, once that is longer than `ageing`.
    public var overdueEvery: UInt64
    /// Tokens that a server's prefix cache is taken to hold when it does not say.
    public var cacheTokens: Int
    /// How far a flow can fall behind the others and be made up for it: tokens, divided by its weight. One that was
    /// kept from sending for an hour must not keep all others from it for the next.
    public var credit: Double

    /// Limits; see the properties.
    public init(
        bytes: Int = 256 << 20, ageing: Span = .seconds(30), overdueEvery: UInt64 = 16, cacheTokens: Int = 200_000,
        credit: Double = 1_000
    ) {
        self.bytes = bytes
        self.ageing = ageing
        self.overdueEvery = max(1, overdueEvery)
        self.cacheTokens = cacheTokens
        self.credit = max(0, credit)
    }
}
