import Support

/// How a server is at one moment, for `describe` and for metrics.
public struct ServerStatus: Sendable, Equatable {
    /// What may be done with it.
    public enum State: Sendable, Equatable {
        /// Not probed yet.
        case unproven
        /// Works.
        case working
        /// Asked to be left alone until then.
        case busy(until: Instant)
        /// Gets nothing until a probe or a pause is over.
        case out(OutCause)
        /// Gets a single request, to see whether it works again.
        case trial(OutCause)
    }

    /// The server.
    public var server: ServerID
    /// Where it is, as given when it was added.
    public var name: String
    /// Its state.
    public var state: State
    /// Whether it only finishes what it has.
    public var isDraining: Bool
    /// What its latest full probe found; nil before one succeeded.
    public var facts: ServerFacts?
    /// Requests that may be in flight there.
    public var window: Int
    /// Requests in flight.
    public var inFlight: Int
    /// Whether it may be given prompts that share nothing with what it works on.
    public var opensGroups: Bool
    /// Its latest reading of load.
    public var load: LoadReading?
    /// What has been sent there and how it ended.
    public var counts: ServerCounts
}

/// What a server was sent, and how it ended.
public struct ServerCounts: Sendable, Equatable {
    /// Flights sent.
    public var dispatched: UInt64 = 0
    /// Flights answered, refusals of the call itself among them.
    public var answered: UInt64 = 0
    /// Flights told to come later.
    public var busy: UInt64 = 0
    /// Flights that the server failed on.
    public var failed: UInt64 = 0
    /// Flights whose connection was refused or broke, or whose time was up.
    public var lost: UInt64 = 0
    /// Flights that we gave up.
    public var cancelled: UInt64 = 0
    /// Flights that were taken from it and sent again.
    public var redispatched: UInt64 = 0
}
