import MessagePack
import Support
import ZeroMQ

/// A listener's socket with a session for each peer, on the node's thread.
final class ListenerPort {
    private static let framesAtATime = 256

    /// A peer that said hello.
    private final class Peer {
        let id: PeerID
        let routing: [UInt8]
        var session: ServerSession
        var queue = SendQueue()
        var isDirty = false

        init(id: PeerID, routing: [UInt8], session: ServerSession) {
            self.id = id
            self.routing = routing
            self.session = session
        }
    }

    let number: Int
    let socket: ZeroMQSocket
    private let listener: Listener
    private let options: ListenerOptions
    private let handler: any ListenerHandler
    private var peersByRouting: [[UInt8]: Peer] = [:]
    private var peersByID: [PeerID: Peer] = [:]
    private var lastPeer: UInt64 = 0
    /// Peers with something to send.
    private var dirty: [Peer] = []
    private var batch: [(peer: PeerID, envelope: Envelope)] = []
    private var actions: [ServerAction] = []

    init(
        number: Int, socket: ZeroMQSocket, listener: Listener, options: ListenerOptions, handler: any ListenerHandler
    ) {
        self.number = number
        self.socket = socket
        self.listener = listener
        self.options = options
        self.handler = handler
    }

    /// Whether messages wait for peers that take none now. A ROUTER cannot be polled for one peer's room, so that
    /// they are tried again after a short while.
    var isBlocked: Bool { !dirty.isEmpty }

    func send(_ envelopes: [(peer: PeerID, envelope: Envelope)], _ context: inout LoopContext) {
        for (id, envelope) in envelopes {
            guard let peer = peersByID[id] else {
                context.counters.dropped += 1
                continue
            }
            enqueue(envelope, to: peer, &context)
        }
    }

    func tick(_ context: inout LoopContext) {
        for peer in peersByID.values.sorted(by: { $0.id < $1.id }) {
            peer.session.tick(now: context.now, into: &actions)
            perform(for: peer, &context)
        }
    }

    func close(_ context: inout LoopContext) {
        for peer in peersByID.values.sorted(by: { $0.id < $1.id }) {
            enqueue(Envelope(kind: TransportKind.goodbye, body: [0xc0]), to: peer, &context)
        }
        flush(&context)
        do { try socket.close() } catch { context.counters.socketFailures += 1 }
    }

    // MARK: - Receiving

    /// Takes what has arrived, within bounds, and hands it to the handler in one batch.
    func receive(_ context: inout LoopContext) {
        for _ in 0..<Self.framesAtATime {
            guard let routing = socket.nextPart(&context) else { break }
            guard routing.hasMore, let frame = lastPart(&context) else { continue }
            context.counters.framesIn += 1
            context.counters.bytesIn += frame.count
            received(frame, from: routing.bytes, &context)
        }
        deliver()
    }

    /// The last part of a message of which parts are left; parts between are passed over.
    private func lastPart(_ context: inout LoopContext) -> [UInt8]? {
        while let part = socket.nextPart(&context) { if !part.hasMore { return part.bytes } }
        return nil
    }

    private func received(_ frame: [UInt8], from routing: [UInt8], _ context: inout LoopContext) {
        let peer = peersByRouting[routing] ?? stranger(routing, context.now)
        do {
            let envelopes = try Frame.read(frame, maxBytes: options.maxFrameBytes)
            context.counters.messagesIn += envelopes.count
            peer.session.received(envelopes, now: context.now, into: &actions)
        } catch {
            actions.append(.refuse(error.refusal, correlation: 0))
        }
        perform(for: peer, &context)
    }

    /// A peer that nothing is kept of unless its hello is accepted.
    private func stranger(_ routing: [UInt8], _ now: Instant) -> Peer {
        lastPeer += 1
        return Peer(
            id: PeerID(number: lastPeer), routing: routing, session: ServerSession(options: options, now: now))
    }

    private func deliver() {
        guard !batch.isEmpty else { return }
        let delivered = batch
        batch = []
        handler.received(delivered, on: listener)
    }

    // MARK: - Actions

    private func perform(for first: Peer, _ context: inout LoopContext) {
        var peer = first
        for action in actions {
            switch action {
            case .send(let envelope): enqueue(envelope, to: peer, &context)
            case .refuse(let refusal, let correlation):
                refuse(peer, refusal, correlation: correlation, &context)
            case .deliver(let envelope): batch.append((peer.id, envelope))
            case .lost:
                let session = peer.session
                lose(peer)
                // Another start of the same client may follow in the same breath, as a new peer.
                peer = stranger(peer.routing, context.now)
                peer.session = session
            case .arrived(let introduction):
                if peersByID.count < options.maxPeers {
                    admit(peer, introduction)
                } else {
                    refuse(
                        peer, Refusal(.unauthorised, "this server has \(options.maxPeers) clients already"), &context)
                    actions.removeAll(keepingCapacity: true)
                    return
                }
            }
        }
        actions.removeAll(keepingCapacity: true)
    }

    private func refuse(_ peer: Peer, _ refusal: Refusal, correlation: UInt64 = 0, _ context: inout LoopContext) {
        context.counters.refused += 1
        enqueue(refusal.envelope(correlation: correlation), to: peer, &context)
    }

    private func admit(_ peer: Peer, _ introduction: PeerIntroduction) {
        peersByRouting[peer.routing] = peer
        peersByID[peer.id] = peer
        handler.peerArrived(peer.id, introduction, on: listener)
    }

    private func lose(_ peer: Peer) {
        guard peersByID.removeValue(forKey: peer.id) != nil else { return }
        peersByRouting[peer.routing] = nil
        peer.queue.removeAll()
        // What it sent before comes first.
        deliver()
        handler.peerLost(peer.id, on: listener)
    }

    // MARK: - Sending

    private func enqueue(_ envelope: Envelope, to peer: Peer, _ context: inout LoopContext) {
        peer.session.sending(envelope, now: context.now)
        guard envelope.frameBytes + Frame.overhead <= options.maxFrameBytes else {
            context.counters.dropped += 1
            let limit = options.maxFrameBytes
            let refusal = Refusal(.oversized, "the reply has \(envelope.body.count) bytes, a frame takes \(limit)")
            if envelope.correlation != 0 {
                enqueue(refusal.envelope(correlation: envelope.correlation), to: peer, &context)
            }
            return
        }
        peer.queue.append(envelope)
        if !peer.isDirty {
            peer.isDirty = true
            dirty.append(peer)
        }
        // Room may have come since the last attempt: the bound holds for what does not get out.
        if peer.queue.bytes > options.maxPendingBytes { flush(peer, &context) }
        if peer.queue.bytes > options.maxPendingBytes {
            context.counters.stalledPeers += 1
            lose(peer)
        }
    }

    /// Sends what waits, as far as the peers take it.
    func flush(_ context: inout LoopContext) {
        guard !dirty.isEmpty else { return }
        let peers = dirty
        dirty = []
        for peer in peers {
            flush(peer, &context)
            peer.isDirty = !peer.queue.isEmpty
            if peer.isDirty { dirty.append(peer) }
        }
    }

    private func flush(_ peer: Peer, _ context: inout LoopContext) {
        do {
            try peer.queue.flush(
                to: socket, packer: &context.packer, counters: &context.counters, heading: peer.routing)
        } catch {
            if error.isRetriable { return }
            if !error.isUnreachable { context.counters.socketFailures += 1 }
            peer.queue.removeAll()
            lose(peer)
        }
    }
}
