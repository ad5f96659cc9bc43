/// What a server told about its load; nil where it does not tell.
public struct LoadReading: Sendable, Equatable {
    /// Requests that it works on.
    public var running: Int?
    /// Requests that wait inside the server.
    public var waiting: Int?
    /// Share of its cache of keys and values that is taken, 0 to 1.
    public var kvUsage: Double?
    /// Requests thrown out of the cache while they ran, since the server started.
    public var preemptions: Int?

    /// A reading; see the properties.
    public init(running: Int? = nil, waiting: Int? = nil, kvUsage: Double? = nil, preemptions: Int? = nil) {
        self.running = running
        self.waiting = waiting
        self.kvUsage = kvUsage
        self.preemptions = preemptions
    }

    /// Whether the server told nothing of use.
    public var isEmpty: Bool { self == LoadReading() }
}
