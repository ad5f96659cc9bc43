/// What becomes of the servers when the configuration or a name's addresses change.
public struct BackendChange: Sendable, Equatable {
    /// Servers to add.
    public var added: [ServerEndpoint]
    /// Servers to drain: they finish what they have and get nothing new.
    public var drained: [ServerEndpoint]

    /// Whether nothing changes.
    public var isEmpty: Bool { added.isEmpty && drained.isEmpty }
}
