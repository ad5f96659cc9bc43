import MessagePack
import Support

/// What a server session asks its driver to do.
enum ServerAction {
    /// Send the message to the peer, after all earlier ones.
    case send(Envelope)
    /// Refuse: sent as a message, and counted.
    case refuse(Refusal, correlation: UInt64)
    /// Hand the message to the listener's handler.
    case deliver(Envelope)
    /// The peer said hello and is welcome.
    case arrived(PeerIntroduction)
    /// The peer is gone: forget it.
    case lost
}

/// The server's side of the protocol with one peer, without socket, clock or thread.
struct ServerSession {
    private let options: ListenerOptions
    private(set) var introduction: PeerIntroduction?
    /// Bytes of requests without a reply, by correlation.
    private var unanswered: [UInt64: Int] = [:]
    private(set) var outstanding = Credit(messages: 0, bytes: 0)
    private var lastSent: Instant
    private var lastReceived: Instant

    init(options: ListenerOptions, now: Instant) {
        self.options = options
        lastSent = now
        lastReceived = now
    }

    /// Takes the messages of one frame.
    mutating func received(_ envelopes: [Envelope], now: Instant, into actions: inout [ServerAction]) {
        lastReceived = now
        for envelope in envelopes {
            guard introduction != nil || envelope.kind == TransportKind.hello else {
                // One answer for the whole frame: the client sends all of it again.
                let refusal = Refusal(
                    .helloFirst, "this server does not know you", advice: "say hello, then send again")
                return actions.append(.refuse(refusal, correlation: 0))
            }
            received(envelope, &actions)
        }
    }

    private mutating func received(_ envelope: Envelope, _ actions: inout [ServerAction]) {
        switch envelope.kind {
        case TransportKind.hello: greeted(envelope, &actions)
        case TransportKind.ping:
            actions.append(.send(Envelope(kind: TransportKind.pong, correlation: envelope.correlation, body: [0xc0])))
        case TransportKind.pong: break
        case TransportKind.goodbye: actions.append(.lost)
        case ..<TransportKind.firstFree:
            let refusal = Refusal(.unknownKind, "kind \(envelope.kind) is none that a client sends")
            actions.append(.refuse(refusal, correlation: envelope.correlation))
        default: requested(envelope, &actions)
        }
    }

    private mutating func greeted(_ envelope: Envelope, _ actions: inout [ServerAction]) {
        let hello: Hello
        do throws(UnpackError) {
            hello = try Hello(body: envelope.body)
        } catch {
            let refusal = Refusal(.malformed, "not a hello: \(error)", advice: "see docs/wire-protocol.md")
            return actions.append(.refuse(refusal, correlation: envelope.correlation))
        }
        guard hello.version == options.expectedProtocol else {
            let text = "protocol version \(hello.version) is not \(options.expectedProtocol)"
            let refusal = Refusal(.version, text, advice: "use programs of one build")
            return actions.append(.refuse(refusal, correlation: envelope.correlation))
        }
        if let refusal = options.admission(hello.introduction) {
            return actions.append(.refuse(refusal, correlation: envelope.correlation))
        }
        if introduction != hello.introduction {
            if introduction != nil { actions.append(.lost) }
            unanswered = [:]
            outstanding = Credit(messages: 0, bytes: 0)
            introduction = hello.introduction
            actions.append(.arrived(hello.introduction))
        }
        let welcome = Welcome(
            version: options.expectedProtocol, incarnation: options.incarnation, credit: options.credit,
            maxFrameBytes: options.maxFrameBytes)
        actions.append(.send(welcome.envelope()))
    }

    private mutating func requested(_ envelope: Envelope, _ actions: inout [ServerAction]) {
        // A request that comes twice was sent again: it counts once, and its effect is the same.
        if envelope.correlation != 0 && unanswered[envelope.correlation] == nil {
            guard options.credit.admits(envelope.body.count, beside: outstanding) else {
                let text = "more than \(options.credit.messages) requests or \(options.credit.bytes) bytes unanswered"
                let refusal = Refusal(.credit, text, advice: "wait for replies")
                return actions.append(.refuse(refusal, correlation: envelope.correlation))
            }
            unanswered[envelope.correlation] = envelope.body.count
            outstanding.messages += 1
            outstanding.bytes += envelope.body.count
        }
        actions.append(.deliver(envelope))
    }

    /// Notes that `envelope` goes to the peer: a reply gives its request's credit back.
    mutating func sending(_ envelope: Envelope, now: Instant) {
        lastSent = now
        guard envelope.correlation != 0, let bytes = unanswered.removeValue(forKey: envelope.correlation) else {
            return
        }
        outstanding.messages -= 1
        outstanding.bytes -= bytes
    }

    /// Pings and notices silence. To be called every so often.
    mutating func tick(now: Instant, into actions: inout [ServerAction]) {
        if now.since(lastReceived) >= options.liveness.silenceLimit {
            actions.append(.lost)
        } else if now.since(lastSent) >= options.liveness.pingInterval {
            actions.append(.send(Envelope(kind: TransportKind.ping, body: [0xc0])))
        }
    }
}
