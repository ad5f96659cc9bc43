import Support

@testable import Transport

/// A client's way to a server over the simulated network: the real session over simulated packets.
final class SimulatedLink: MessageLink, @unchecked Sendable {
    typealias Completion = @Sendable (Result<Envelope, TransportError>) -> Void

    let node: SimulatedNode
    private let endpoint: String
    private let onEvent: @Sendable (ConnectionEvent) -> Void
    private var session: ClientSession<Completion>
    private var actions: ClientSession<Completion>.Actions = []
    private var wire: SimulatedWire?
    private var outgoing: [Envelope] = []
    private var isClosed = false

    init(
        node: SimulatedNode, endpoint: String, introduction: PeerIntroduction,
        onEvent: @escaping @Sendable (ConnectionEvent) -> Void
    ) {
        self.node = node
        self.endpoint = endpoint
        self.onEvent = onEvent
        session = ClientSession(introduction: introduction, options: ConnectionOptions(), now: node.now)
    }

    // MARK: What the process asks for

    @discardableResult func request(kind: UInt16, body: [UInt8], completion: @escaping Completion) -> UInt64 {
        let number = node.takeNumber()
        guard !isClosed, node.life.isAlive else {
            completion(.failure(.closed))
            return number
        }
        node.push { [self] in
            guard !isClosed else { return completion(.failure(.closed)) }
            let envelope = Envelope(kind: kind, correlation: number, body: body)
            session.submit(envelope, ticket: completion, now: node.now, into: &actions)
            perform()
        }
        return number
    }

    func request(kind: UInt16, body: [UInt8]) async throws -> Envelope {
        try Task.checkCancellation()
        let box = Guarded<UInt64?>(nil)
        do {
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let number = request(kind: kind, body: body) { continuation.resume(with: $0) }
                    box.withLock { $0 = number }
                    if Task.isCancelled { cancel(number) }
                }
            } onCancel: {
                if let number = box.withLock({ $0 }) { cancel(number) }
            }
        } catch TransportError.closed where Task.isCancelled {
            throw CancellationError()
        }
    }

    func cancel(_ request: UInt64) {
        node.push { [self] in session.cancel(request)?(.failure(.closed)) }
    }

    func post(_ envelopes: [Envelope]) {
        node.push { [self] in
            guard !isClosed else { return }
            session.post(envelopes, now: node.now, into: &actions)
            perform()
        }
    }

    func close() {
        node.push { [self] in
            guard !isClosed else { return }
            isClosed = true
            session.close(now: node.now, into: &actions)
            perform()
            flush()
        }
    }

    // MARK: What the network brings

    func start() {
        session.start(now: node.now, into: &actions)
        perform()
        connect()
    }

    func received(_ envelopes: [Envelope], from source: SimulatedWire) {
        guard source === wire else { return }
        session.received(envelopes, now: node.now, into: &actions)
        perform()
        node.flush()
    }

    /// The connection is gone; what waits stays and goes over the next one.
    func lost(_ broken: SimulatedWire) {
        guard broken === wire, !isClosed else { return }
        wire = nil
        connectSoon()
    }

    func tick() {
        guard !isClosed else { return }
        session.tick(now: node.now, blocked: !outgoing.isEmpty, into: &actions)
        perform()
    }

    /// The process is dead: nothing goes out any more, and whoever still waits in it is let go.
    func cut() {
        isClosed = true
        session.close(now: node.now, into: &actions)
        let last = actions
        actions = []
        for case .complete(let completion, let result) in last { completion(result) }
        wire?.tear()
        wire = nil
    }

    /// Sends what has come together as one packet.
    func flush() {
        guard let wire, !outgoing.isEmpty else { return }
        let packet = outgoing
        outgoing = []
        wire.send(packet, toServer: true)
    }

    private func connect() {
        guard !isClosed, wire == nil else { return }
        let network = node.network
        guard let listener = network.listener(at: endpoint),
            network.healing(from: node.life.name, to: listener.node.life.name) == nil,
            network.healing(from: listener.node.life.name, to: node.life.name) == nil
        else { return connectSoon() }
        wire = SimulatedWire(number: network.takeWireNumber(), link: self, listener: listener, network: network)
        listener.connected(wire)
        flush()
    }

    private func connectSoon() {
        node.life.after(node.network.dice.span(1_000...100_000)) { [weak self] in self?.connect() }
    }

    private func perform() {
        let taken = actions
        actions = []
        for action in taken {
            switch action {
            case .send(let envelope): outgoing.append(envelope)
            case .complete(let completion, let result): completion(result)
            case .report(let event): onEvent(event)
            case .drop: break
            }
        }
    }
}
