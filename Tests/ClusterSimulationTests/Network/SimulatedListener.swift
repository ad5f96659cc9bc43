import Support

@testable import Transport

/// A server's endpoint on the simulated network: the real sessions over simulated packets, and around them what
/// `ListenerPort` does over a socket.
final class SimulatedListener: ReplySink, @unchecked Sendable {
    private final class Peer {
        let id: PeerID
        let wire: SimulatedWire
        var session: ServerSession
        var outgoing: [Envelope] = []

        init(id: PeerID, wire: SimulatedWire, session: ServerSession) {
            self.id = id
            self.wire = wire
            self.session = session
        }
    }

    let node: SimulatedNode
    private let options: ListenerOptions
    private let handler: any ListenerHandler
    /// Peers that said hello, in order of arrival.
    private var peers: [Peer] = []
    private var strangers: [UInt64: Peer] = [:]
    private var wires: [SimulatedWire] = []
    private var lastPeer: UInt64 = 0
    private var batch: [(peer: PeerID, envelope: Envelope)] = []
    private var actions: [ServerAction] = []

    init(node: SimulatedNode, options: ListenerOptions, handler: any ListenerHandler) {
        self.node = node
        self.options = options
        self.handler = handler
    }

    func send(_ messages: [(peer: PeerID, envelope: Envelope)]) {
        node.push { [self] in
            for (id, envelope) in messages { peers.first { $0.id == id }.map { enqueue(envelope, to: $0) } }
        }
    }

    func connected(_ wire: SimulatedWire?) {
        wires.removeAll { !$0.isOpen }
        if let wire { wires.append(wire) }
    }

    func received(_ envelopes: [Envelope], from wire: SimulatedWire) {
        let peer = peers.first { $0.wire === wire } ?? strangers.removeValue(forKey: wire.number) ?? stranger(wire)
        peer.session.received(envelopes, now: node.now, into: &actions)
        perform(for: peer)
        deliver()
        node.flush()
    }

    func tick() {
        for peer in peers {
            peer.session.tick(now: node.now, into: &actions)
            perform(for: peer)
        }
        deliver()
    }

    /// The process is dead: its connections end without a word.
    func cut() {
        for wire in wires { wire.tear() }
        wires = []
        peers = []
    }

    /// Sends what has come together, one packet for each peer.
    func flush() {
        for peer in peers where !peer.outgoing.isEmpty { flush(peer) }
        for peer in strangers.values.sorted(by: { $0.id < $1.id }) { flush(peer) }
        strangers = [:]
    }

    private func flush(_ peer: Peer) {
        let packet = peer.outgoing
        peer.outgoing = []
        guard !packet.isEmpty else { return }
        if peer.wire.isOpen { peer.wire.send(packet, toServer: false) } else { lose(peer) }
    }

    private func stranger(_ wire: SimulatedWire) -> Peer {
        lastPeer += 1
        return Peer(
            id: PeerID(number: lastPeer), wire: wire, session: ServerSession(options: options, now: node.now))
    }

    private func deliver() {
        guard !batch.isEmpty else { return }
        let delivered = batch
        batch = []
        handler.received(delivered, on: self)
    }

    private func perform(for first: Peer) {
        var peer = first
        let taken = actions
        actions = []
        for action in taken {
            switch action {
            case .send(let envelope): enqueue(envelope, to: peer)
            case .refuse(let refusal, let correlation):
                enqueue(refusal.envelope(correlation: correlation), to: peer)
            case .deliver(let envelope): batch.append((peer.id, envelope))
            case .lost:
                let session = peer.session
                lose(peer)
                peer = stranger(peer.wire)
                peer.session = session
            case .arrived(let introduction):
                peers.append(peer)
                handler.peerArrived(peer.id, introduction, on: self)
            }
        }
        // A stranger is answered, and then nothing is kept of it.
        if !peers.contains(where: { $0 === peer }), !peer.outgoing.isEmpty { strangers[peer.wire.number] = peer }
    }

    private func enqueue(_ envelope: Envelope, to peer: Peer) {
        peer.session.sending(envelope, now: node.now)
        peer.outgoing.append(envelope)
    }

    private func lose(_ peer: Peer) {
        guard let index = peers.firstIndex(where: { $0 === peer }) else { return }
        peers.remove(at: index)
        deliver()
        handler.peerLost(peer.id, on: self)
    }
}
