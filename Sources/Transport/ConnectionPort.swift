import MessagePack
import Support
import ZeroMQ

/// A connection's socket with its session, on the node's thread.
final class ConnectionPort {
    /// Frames taken from one socket before others get their turn.
    private static let framesAtATime = 256

    let number: Int
    let socket: ZeroMQSocket
    private var session: ClientSession<Completion>
    private let options: ConnectionOptions
    private let onEvent: @Sendable (ConnectionEvent) -> Void
    private var queue = SendQueue()
    private var actions: ClientSession<Completion>.Actions = []

    init(
        number: Int, socket: ZeroMQSocket, introduction: PeerIntroduction, options: ConnectionOptions, now: Instant,
        onEvent: @escaping @Sendable (ConnectionEvent) -> Void
    ) {
        self.number = number
        self.socket = socket
        self.options = options
        self.onEvent = onEvent
        session = ClientSession(introduction: introduction, options: options, now: now)
    }

    /// Whether messages wait for room in the socket.
    var isBlocked: Bool { !queue.isEmpty }

    func start(_ context: inout LoopContext) {
        session.start(now: context.now, into: &actions)
        perform(&context)
    }

    func request(_ envelope: Envelope, _ completion: @escaping Completion, _ context: inout LoopContext) {
        session.submit(envelope, ticket: completion, now: context.now, into: &actions)
        perform(&context)
    }

    func post(_ envelopes: [Envelope], _ context: inout LoopContext) {
        guard queue.bytes <= options.maxWaitingBytes else {
            context.counters.dropped += envelopes.count
            return
        }
        session.post(envelopes, now: context.now, into: &actions)
        perform(&context)
    }

    func cancel(_ correlation: UInt64) {
        // Whoever cancels does not listen any more, but a continuation wants its one call.
        session.cancel(correlation)?(.failure(.closed))
    }

    func tick(_ context: inout LoopContext) {
        session.tick(now: context.now, blocked: isBlocked, into: &actions)
        perform(&context)
    }

    /// Says goodbye, fails all requests and closes the socket.
    func close(_ context: inout LoopContext) {
        session.close(now: context.now, into: &actions)
        perform(&context)
        flush(&context)
        do { try socket.close() } catch { context.counters.socketFailures += 1 }
    }

    /// Takes what has arrived, within bounds.
    func receive(_ context: inout LoopContext) {
        for _ in 0..<Self.framesAtATime {
            guard let frame = nextFrame(&context) else { break }
            do {
                let envelopes = try Frame.read(frame, maxBytes: options.maxFrameBytes)
                context.counters.messagesIn += envelopes.count
                session.received(envelopes, now: context.now, into: &actions)
            } catch {
                // A server that sends rubbish is not answered: the client side has nothing to refuse with.
                context.counters.dropped += 1
            }
        }
        perform(&context)
    }

    /// The last part of the next message; a DEALER's server sends one part.
    private func nextFrame(_ context: inout LoopContext) -> [UInt8]? {
        while true {
            guard let part = socket.nextPart(&context) else { return nil }
            if !part.hasMore {
                context.counters.framesIn += 1
                context.counters.bytesIn += part.bytes.count
                return part.bytes
            }
        }
    }

    private func perform(_ context: inout LoopContext) {
        for action in actions {
            switch action {
            case .send(let envelope): queue.append(envelope)
            case .complete(let completion, let result): completion(result)
            case .report(let event): onEvent(event)
            case .drop: context.counters.dropped += 1
            }
        }
        actions.removeAll(keepingCapacity: true)
    }

    /// Sends what waits, as far as the socket takes it.
    func flush(_ context: inout LoopContext) {
        guard !queue.isEmpty else { return }
        do {
            try queue.flush(to: socket, packer: &context.packer, counters: &context.counters, heading: nil)
        } catch {
            if !error.isRetriable { context.counters.socketFailures += 1 }
        }
    }
}
