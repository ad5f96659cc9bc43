/// A client's way to one server: what `Connection` is over a socket, and a simulated network in a test.
public protocol MessageLink: Sendable {
    /// Sends a request. It is kept until it is answered, across restarts of the server. `completion` is called exactly
    /// once, on a thread of the link's choice, and must not wait. Returns the number to `cancel` it with.
    @discardableResult func request(
        kind: UInt16, body: [UInt8], completion: @escaping @Sendable (Result<Envelope, TransportError>) -> Void
    ) -> UInt64
    /// Sends a request and waits for its reply; throws `CancellationError` as soon as the task is cancelled.
    func request(kind: UInt16, body: [UInt8]) async throws -> Envelope
    /// Gives up a request: its completion gets `TransportError.closed`, unless it is over already.
    func cancel(_ request: UInt64)
    /// Sends messages that want no reply, at most once and in order.
    func post(_ envelopes: [Envelope])
    /// Says goodbye and fails all requests with `TransportError.closed`.
    func close()
}

/// Where a server's messages to its clients go: a `Listener` over a socket, and a simulated network in a test.
public protocol ReplySink: Sendable {
    /// Sends messages to peers, from any thread, never waiting. Those to peers that are gone are dropped.
    func send(_ messages: [(peer: PeerID, envelope: Envelope)])
}
