import ServiceRuntime
import Support
import Transport
import Wire

/// A way to a server that answers at once, as a test says, and shows what it was sent. Where the test says nil it never
/// answers.
final class FakeLink: MessageLink {
    typealias Answer = @Sendable (Envelope) throws -> (any WireMessage)?

    private struct State {
        var requested: [Envelope] = []
        var posted: [Envelope] = []
        var isClosed = false
    }

    private let answer: Answer
    private let state = Guarded(State())

    init(_ answer: @escaping Answer) { self.answer = answer }

    /// Requests of a kind so far.
    func requested<Message: WireMessage>(_ type: Message.Type = Message.self) throws -> [Message] {
        try Self.decoded(state.withLock { $0.requested })
    }

    /// Messages of a kind that wanted no answer.
    func posted<Message: WireMessage>(_ type: Message.Type = Message.self) throws -> [Message] {
        try Self.decoded(state.withLock { $0.posted })
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    private static func decoded<Message: WireMessage>(_ envelopes: [Envelope]) throws -> [Message] {
        try envelopes.filter { $0.kind == Message.kind.rawValue }.map { try Message(body: $0.body) }
    }

    private func reply(to envelope: Envelope) -> Result<Envelope, TransportError>? {
        state.withLock { $0.requested.append(envelope) }
        do {
            return try answer(envelope).map { .success(Envelope(kind: type(of: $0).kind.rawValue, body: $0.packed())) }
        } catch let problem as Problem {
            return .success(Envelope(kind: RequestFailed.kind.rawValue, body: RequestFailed(problem).packed()))
        } catch {
            return .failure(.closed)
        }
    }

    func request(kind: UInt16, body: [UInt8]) async throws -> Envelope {
        guard let reply = reply(to: Envelope(kind: kind, body: body)) else {
            while true {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
        return try reply.get()
    }

    @discardableResult func request(
        kind: UInt16, body: [UInt8], completion: @escaping @Sendable (Result<Envelope, TransportError>) -> Void
    ) -> UInt64 {
        if let reply = reply(to: Envelope(kind: kind, body: body)) { completion(reply) }
        return 0
    }
    func cancel(_ request: UInt64) {}
    func post(_ envelopes: [Envelope]) { state.withLock { $0.posted += envelopes } }
    func close() { state.withLock { $0.isClosed = true } }
}
