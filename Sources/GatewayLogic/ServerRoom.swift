/// A model server as placement sees it at one moment.
public struct ServerRoom: Sendable, Equatable {
    /// The server.
    public var server: ServerID
    /// Requests that may be dispatched to it now.
    public var free: Int
    /// Requests that may be in flight there.
    public var window: Int
    /// Tokens that its prefix cache holds; 0 when unknown.
    public var kvTokens: Int
    /// Whether it may be given prompts that share nothing with what it works on; false while its cache is short.
    public var opensGroups: Bool

    /// A server's room; see the properties.
    public init(server: ServerID, free: Int, window: Int, kvTokens: Int, opensGroups: Bool) {
        self.server = server
        self.free = free
        self.window = window
        self.kvTokens = kvTokens
        self.opensGroups = opensGroups
    }
}
