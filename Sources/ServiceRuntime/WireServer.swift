import Model
import Transport
import Wire

/// How a request is answered: exactly once, from any thread.
public struct Responder: Sendable {
    private let peer: PeerID
    private let correlation: UInt64
    private let sink: any ReplySink

    /// Answers the request `correlation` of `peer` through `sink`.
    public init(peer: PeerID, correlation: UInt64, sink: any ReplySink) {
        self.peer = peer
        self.correlation = correlation
        self.sink = sink
    }

    /// Who asked.
    public var sender: PeerID { peer }

    /// The reply as an envelope, for services that send many at once.
    public func envelope(_ message: some WireMessage) -> (peer: PeerID, envelope: Envelope) {
        (peer, Envelope(kind: type(of: message).kind.rawValue, correlation: correlation, body: message.packed()))
    }

    /// Sends the reply. A message that wanted none gets none.
    public func reply(_ message: some WireMessage) {
        guard correlation != 0 else { return }
        sink.send([envelope(message)])
    }

    /// Answers that the request failed.
    public func fail(_ problem: Problem) { reply(RequestFailed(problem)) }

    /// Answers with the result of `work`, or with the problem that it throws.
    public func reply<Message: WireMessage>(from work: @Sendable () async throws -> Message) async {
        do {
            reply(try await work())
        } catch let problem as Problem {
            fail(problem)
        } catch {
            fail(Problem(.invalid, "\(error)"))
        }
    }
}

/// Decodes requests and hands each to the handler of its kind. Unknown kinds and malformed bodies are refused.
///
/// Handlers run on the transport's thread: they must not wait. Register all of them before listening.
public struct WireServer: ListenerHandler {
    private typealias Handle = @Sendable ([UInt8], Responder) throws -> Void

    private var handlers: [UInt16: Handle] = [:]
    private var arrived: @Sendable (PeerID, PeerIntroduction, any ReplySink) -> Void = { _, _, _ in }
    private var lost: @Sendable (PeerID) -> Void = { _ in }

    /// A server without handlers.
    public init() {}

    /// Registers the handler of a kind.
    public mutating func on<Message: WireMessage>(
        _ type: Message.Type, _ handler: @escaping @Sendable (Message, Responder) -> Void
    ) {
        handlers[Message.kind.rawValue] = { body, responder in handler(try Message(body: body), responder) }
    }

    /// Registers the handler of a kind whose work on the transport's thread, from the decoding on, goes on inside
    /// `around`: to measure it.
    public mutating func on<Message: WireMessage>(
        _ type: Message.Type, inside around: @escaping @Sendable (() throws -> Void) throws -> Void,
        _ handler: @escaping @Sendable (Message, Responder) -> Void
    ) {
        handlers[Message.kind.rawValue] = { body, responder in
            try around { handler(try Message(body: body), responder) }
        }
    }

    /// Registers what happens when a peer says hello.
    public mutating func onArrival(_ handler: @escaping @Sendable (PeerID, PeerIntroduction, any ReplySink) -> Void) {
        arrived = handler
    }

    /// Registers what happens when a peer is gone.
    public mutating func onLoss(_ handler: @escaping @Sendable (PeerID) -> Void) { lost = handler }

    public func received(_ batch: [(peer: PeerID, envelope: Envelope)], on sink: any ReplySink) {
        for (peer, envelope) in batch {
            let responder = Responder(peer: peer, correlation: envelope.correlation, sink: sink)
            guard let handle = handlers[envelope.kind] else {
                let refusal = Refusal(
                    .unknownKind, "kind \(envelope.kind) is not known here",
                    advice: "start all processes from the same version")
                sink.send([(peer, refusal.envelope(correlation: envelope.correlation))])
                continue
            }
            do {
                try handle(envelope.body, responder)
            } catch {
                let refusal = Refusal(.malformed, "a message of kind \(envelope.kind) cannot be read: \(error)")
                sink.send([(peer, refusal.envelope(correlation: envelope.correlation))])
            }
        }
    }

    public func peerArrived(_ peer: PeerID, _ introduction: PeerIntroduction, on sink: any ReplySink) {
        arrived(peer, introduction, sink)
    }

    public func peerLost(_ peer: PeerID, on sink: any ReplySink) { lost(peer) }
}
