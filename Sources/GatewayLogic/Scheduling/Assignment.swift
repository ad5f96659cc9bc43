import Support

/// A call given to a server. Whoever sends it gives this back when it ended there.
public struct Assignment: Sendable, Equatable {
    /// The call.
    public var call: UInt64
    /// Its flow.
    public var flow: String
    /// The server.
    public var server: ServerID
    /// Tokens that the server has to compute for it, as far as is known: what the call counts as load.
    public var load: Int
}

/// Why a call may not wait.
public struct QueueRefusal: Sendable, Equatable {
    /// Calls that wait already.
    public var place: Int
    /// When they will be through as things go; nil when nothing was sent lately.
    public var wait: Span?
}
