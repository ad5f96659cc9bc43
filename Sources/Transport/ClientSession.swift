import DequeModule
import MessagePack
import Support

/// What a client session asks its driver to do.
enum ClientAction<Ticket> {
    /// Hand the message to the socket, after all earlier ones.
    case send(Envelope)
    /// A request is over.
    case complete(Ticket, Result<Envelope, TransportError>)
    /// Tell the owner of the connection.
    case report(ConnectionEvent)
    /// Count a message that was dropped: a late reply, or a one-way message beyond the bound.
    case drop
}

/// The client's side of the protocol, without socket, clock or thread: hello, credit, sending again, liveness.
///
/// `Ticket` stands for whoever waits for a request's answer.
struct ClientSession<Ticket> {
    typealias Actions = [ClientAction<Ticket>]

    enum Phase: Equatable {
        /// Hello was said and not answered yet.
        case greeting
        case established
        /// Hello was answered with a refusal; it is said again with each ping.
        case rejected(Refusal)
    }

    struct Request {
        var envelope: Envelope
        var ticket: Ticket
        var isOutstanding = false
    }

    private let hello: Hello
    private let options: ConnectionOptions
    private(set) var phase = Phase.greeting
    private var isUp = false
    private var serverIncarnation: UInt64?
    private var credit = Credit(messages: 0, bytes: 0)
    private var maxMessageBytes: Int
    /// All requests without an answer, by correlation, which grows in order of submission.
    private var requests: [UInt64: Request] = [:]
    private var waiting = Deque<UInt64>()
    private var waitingBytes = 0
    private(set) var outstanding = Credit(messages: 0, bytes: 0)
    /// Bytes of requests that were cancelled after they had been sent, by correlation.
    private var abandoned: [UInt64: Int] = [:]
    private var waitingPosts = Deque<Envelope>()
    private var waitingPostBytes = 0
    private var lastSent: Instant
    private var lastReceived: Instant

    init(introduction: PeerIntroduction, options: ConnectionOptions, now: Instant) {
        hello = Hello(version: options.protocolVersion, introduction: introduction)
        self.options = options
        maxMessageBytes = options.maxFrameBytes - Envelope.overhead - Frame.overhead
        lastSent = now
        lastReceived = now
    }

    /// Says hello.
    mutating func start(now: Instant, into actions: inout Actions) {
        phase = .greeting
        send(hello.envelope(), now, &actions)
    }

    // MARK: - What the owner asks for

    /// Takes a request. Correlations grow from one call to the next and are not 0.
    mutating func submit(_ envelope: Envelope, ticket: Ticket, now: Instant, into actions: inout Actions) {
        if case .rejected(let refusal) = phase {
            return actions.append(.complete(ticket, .failure(.refused(refusal))))
        }
        if envelope.body.count > maxMessageBytes {
            return actions.append(.complete(ticket, .failure(tooLarge(envelope))))
        }
        guard waitingBytes + envelope.body.count <= options.maxWaitingBytes else {
            return actions.append(.complete(ticket, .failure(.overloaded(limit: options.maxWaitingBytes))))
        }
        requests[envelope.correlation] = Request(envelope: envelope, ticket: ticket)
        waiting.append(envelope.correlation)
        waitingBytes += envelope.body.count
        admit(now, &actions)
    }

    /// Takes one-way messages. They go out at most once: what the server loses with a restart stays lost.
    mutating func post(_ envelopes: [Envelope], now: Instant, into actions: inout Actions) {
        for var envelope in envelopes {
            envelope.correlation = 0
            if envelope.body.count > maxMessageBytes {
                actions.append(.drop)
            } else if phase == .established {
                send(envelope, now, &actions)
            } else if waitingPostBytes + envelope.body.count > options.maxWaitingBytes {
                actions.append(.drop)
            } else {
                waitingPosts.append(envelope)
                waitingPostBytes += envelope.body.count
            }
        }
    }

    /// Forgets a request: nobody waits for it any more. Its place in the server's credit is free when the late reply
    /// has come, because until then the server counts it. Returns its ticket if it had no answer yet.
    mutating func cancel(_ correlation: UInt64) -> Ticket? {
        guard let request = requests[correlation] else { return nil }
        if request.isOutstanding {
            abandoned[correlation] = request.envelope.body.count
        } else {
            waitingBytes -= request.envelope.body.count
        }
        requests[correlation] = nil
        return request.ticket
    }

    /// Ends the session: every request fails.
    mutating func close(now: Instant, into actions: inout Actions) {
        if phase == .established { send(Self.bare(TransportKind.goodbye), now, &actions) }
        failAll(with: .closed, &actions)
    }

    // MARK: - What the server sends

    /// Takes the messages of one frame.
    mutating func received(_ envelopes: [Envelope], now: Instant, into actions: inout Actions) {
        lastReceived = now
        for envelope in envelopes { received(envelope, now, &actions) }
        if phase == .established && !isUp { reportUp(isRestart: false, &actions) }
        admit(now, &actions)
    }

    private mutating func received(_ envelope: Envelope, _ now: Instant, _ actions: inout Actions) {
        switch envelope.kind {
        case TransportKind.welcome: welcomed(envelope, now, &actions)
        case TransportKind.refused: refused(envelope, now, &actions)
        case TransportKind.ping: send(Self.bare(TransportKind.pong), now, &actions)
        case TransportKind.pong: break
        case TransportKind.goodbye: leave(now, &actions)
        case ..<TransportKind.firstFree: actions.append(.drop)
        default:
            if envelope.correlation == 0 {
                actions.append(.report(.received(envelope)))
            } else {
                settle(envelope.correlation, .success(envelope), &actions)
            }
        }
    }

    private mutating func welcomed(_ envelope: Envelope, _ now: Instant, _ actions: inout Actions) {
        guard let welcome = try? Welcome(body: envelope.body), welcome.version == hello.version else {
            return actions.append(.drop)
        }
        // The answer to a hello that was said twice changes nothing.
        if phase == .established && serverIncarnation == welcome.incarnation { return }
        let isRestart = serverIncarnation.map { $0 != welcome.incarnation } ?? false
        phase = .established
        serverIncarnation = welcome.incarnation
        credit = welcome.credit
        maxMessageBytes = min(options.maxFrameBytes, welcome.maxFrameBytes) - Envelope.overhead - Frame.overhead
        reportUp(isRestart: isRestart, &actions)
        queueAllAgain()
        while let post = waitingPosts.popFirst() { send(post, now, &actions) }
        waitingPostBytes = 0
    }

    private mutating func reportUp(isRestart: Bool, _ actions: inout Actions) {
        isUp = true
        actions.append(.report(.up(serverIncarnation: serverIncarnation ?? 0, isRestart: isRestart)))
    }

    private mutating func refused(_ envelope: Envelope, _ now: Instant, _ actions: inout Actions) {
        guard let refusal = try? Refusal(body: envelope.body) else { return actions.append(.drop) }
        if refusal.code == .helloFirst {
            // One refusal comes for each frame that was under way; only the first asks for a hello.
            if phase == .established { start(now: now, into: &actions) }
        } else if envelope.correlation != 0 {
            settle(envelope.correlation, .failure(.refused(refusal)), &actions)
        } else {
            actions.append(.report(.refused(refusal)))
            if phase != .established {
                phase = .rejected(refusal)
                failAll(with: .refused(refusal), &actions)
            } else if refusal.code.concernsWholeFrame {
                // Nobody can tell which requests were in the frame, and none of them will be answered.
                failAll(with: .refused(refusal), &actions)
            }
        }
    }

    private mutating func leave(_ now: Instant, _ actions: inout Actions) {
        guard phase == .established else { return }
        phase = .greeting
        if isUp { actions.append(.report(.down)) }
        isUp = false
    }

    // MARK: - Time

    /// Notices silence and, unless earlier messages are still `blocked` on their way out, pings or says hello again.
    /// To be called every so often.
    mutating func tick(now: Instant, blocked: Bool = false, into actions: inout Actions) {
        if isUp && now.since(lastReceived) >= options.liveness.silenceLimit {
            isUp = false
            actions.append(.report(.down))
        }
        guard !blocked, now.since(lastSent) >= options.liveness.pingInterval else { return }
        // An established session asks first: a server that forgot us answers that hello is due, one that was only
        // slow still has our requests.
        send(phase == .established ? Self.bare(TransportKind.ping) : hello.envelope(), now, &actions)
    }

    // MARK: - Credit

    private mutating func admit(_ now: Instant, _ actions: inout Actions) {
        guard phase == .established else { return }
        while let correlation = waiting.first {
            guard var request = requests[correlation], !request.isOutstanding else {
                waiting.removeFirst()
                continue
            }
            let bytes = request.envelope.body.count
            if bytes > maxMessageBytes {
                requests[correlation] = nil
                waitingBytes -= bytes
                actions.append(.complete(request.ticket, .failure(tooLarge(request.envelope))))
                continue
            }
            guard credit.admits(bytes, beside: outstanding) else { return }
            waiting.removeFirst()
            waitingBytes -= bytes
            outstanding.messages += 1
            outstanding.bytes += bytes
            request.isOutstanding = true
            requests[correlation] = request
            send(request.envelope, now, &actions)
        }
    }

    private mutating func settle(
        _ correlation: UInt64, _ result: Result<Envelope, TransportError>, _ actions: inout Actions
    ) {
        if let request = requests[correlation], request.isOutstanding {
            requests[correlation] = nil
            release(request.envelope.body.count)
            actions.append(.complete(request.ticket, result))
        } else {
            if let bytes = abandoned.removeValue(forKey: correlation) { release(bytes) }
            actions.append(.drop)
        }
    }

    private mutating func release(_ bytes: Int) {
        outstanding.messages -= 1
        outstanding.bytes -= bytes
    }

    /// Makes every request wait again, in the order of submission: the server does not know of any.
    private mutating func queueAllAgain() {
        outstanding = Credit(messages: 0, bytes: 0)
        abandoned = [:]
        waiting = Deque(requests.keys.sorted())
        waitingBytes = 0
        for (correlation, request) in requests {
            requests[correlation]?.isOutstanding = false
            waitingBytes += request.envelope.body.count
        }
    }

    private mutating func failAll(with error: TransportError, _ actions: inout Actions) {
        let failed = requests.sorted { $0.key < $1.key }
        requests = [:]
        queueAllAgain()
        for (_, request) in failed { actions.append(.complete(request.ticket, .failure(error))) }
    }

    private func tooLarge(_ envelope: Envelope) -> TransportError {
        .tooLarge(bytes: envelope.body.count, limit: maxMessageBytes)
    }

    private mutating func send(_ envelope: Envelope, _ now: Instant, _ actions: inout Actions) {
        lastSent = now
        actions.append(.send(envelope))
    }

    private static func bare(_ kind: UInt16) -> Envelope { Envelope(kind: kind, body: [0xc0]) }
}
