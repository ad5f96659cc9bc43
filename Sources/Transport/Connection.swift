/// A client's way to one server. It connects in the background, again and again, and keeps requests until they are
/// answered, across restarts of the server.
public final class Connection: MessageLink {
    /// The server's endpoint.
    public let endpoint: String
    private let number: Int
    private let outbox: Outbox

    init(endpoint: String, number: Int, outbox: Outbox) {
        self.endpoint = endpoint
        self.number = number
        self.outbox = outbox
    }

    /// Sends a request and waits for its reply, however long that takes: it waits for credit in order, and for a
    /// server that is down to come back, when it is sent again. Requests must therefore be idempotent.
    ///
    /// Throws `TransportError`, or `CancellationError` as soon as the task is cancelled; a late reply is dropped.
    public func request(kind: UInt16, body: [UInt8]) async throws -> Envelope {
        try Task.checkCancellation()
        let correlation = outbox.nextNumber()
        do {
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    submit(kind, correlation, body) { continuation.resume(with: $0) }
                    // A cancellation that came before the request itself found nothing to cancel.
                    if Task.isCancelled { cancel(correlation) }
                }
            } onCancel: {
                cancel(correlation)
            }
        } catch TransportError.closed where Task.isCancelled {
            throw CancellationError()
        }
    }

    /// Sends a request like the other form; `completion` is called exactly once, on the node's thread, and must not
    /// wait. Returns the number to `cancel` it with.
    @discardableResult public func request(
        kind: UInt16, body: [UInt8], completion: @escaping @Sendable (Result<Envelope, TransportError>) -> Void
    ) -> UInt64 {
        let correlation = outbox.nextNumber()
        submit(kind, correlation, body, completion)
        return correlation
    }

    /// Gives up a request: its completion gets `TransportError.closed`, unless it is over already.
    public func cancel(_ request: UInt64) { outbox.push(.cancel(connection: number, correlation: request)) }

    /// Sends messages that want no reply; correlations are set to 0. They go out at most once, in order: what a server
    /// loses when it restarts, or what exceeds the waiting bytes while it is down, is lost.
    public func post(_ envelopes: [Envelope]) {
        guard !envelopes.isEmpty else { return }
        outbox.push(.post(connection: number, envelopes))
    }

    /// Says goodbye and fails all requests with `TransportError.closed`.
    public func close() { outbox.push(.closeConnection(number)) }

    private func submit(_ kind: UInt16, _ correlation: UInt64, _ body: [UInt8], _ completion: @escaping Completion) {
        precondition(kind >= TransportKind.firstFree, "kinds below 16 are the transport's own")
        let envelope = Envelope(kind: kind, correlation: correlation, body: body)
        if !outbox.push(.request(connection: number, envelope, completion)) { completion(.failure(.closed)) }
    }
}
