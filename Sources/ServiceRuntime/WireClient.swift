import Model
import Transport
import Wire

/// Typed requests to one service.
///
/// A request whose service answers `RequestFailed` throws the `Problem`; what the transport itself cannot do throws
/// `TransportError`. Requests survive a restart of the service, see `Connection.request`.
public final class WireClient: Sendable {
    private let connection: any MessageLink

    /// Requests over `connection`.
    public init(_ connection: any MessageLink) { self.connection = connection }

    /// Sends a request and decodes its reply.
    public func request<Reply: WireMessage>(
        _ message: some WireMessage, expecting: Reply.Type = Reply.self
    ) async throws -> Reply {
        try await request(type(of: message).kind, packed: message.packed())
    }

    /// Sends a request that is packed already and decodes its reply.
    public func request<Reply: WireMessage>(
        _ kind: WireKind, packed body: [UInt8], expecting: Reply.Type = Reply.self
    ) async throws -> Reply {
        try Self.decode(try await connection.request(kind: kind.rawValue, body: body))
    }

    /// Sends a request; `completion` gets its decoded reply, on the transport's thread, and must not wait.
    public func request<Reply: WireMessage>(
        _ message: some WireMessage, expecting: Reply.Type = Reply.self,
        completion: @escaping @Sendable (Result<Reply, any Error>) -> Void
    ) {
        connection.request(kind: type(of: message).kind.rawValue, body: message.packed()) { result in
            completion(result.mapError { $0 as any Error }.flatMap { envelope in Result { try Self.decode(envelope) } })
        }
    }

    /// Sends a message that wants no reply.
    public func post(_ message: some WireMessage) {
        connection.post([Envelope(kind: type(of: message).kind.rawValue, body: message.packed())])
    }

    /// Says goodbye; requests without an answer fail.
    public func close() { connection.close() }

    private static func decode<Reply: WireMessage>(_ envelope: Envelope) throws -> Reply {
        if envelope.kind == Reply.kind.rawValue { return try Reply(body: envelope.body) }
        if envelope.kind == RequestFailed.kind.rawValue { throw try RequestFailed(body: envelope.body).problem }
        throw Problem(
            .invalid, "a reply of kind \(envelope.kind) came where \(Reply.kind) was expected",
            advice: "start all processes from the same version")
    }
}
