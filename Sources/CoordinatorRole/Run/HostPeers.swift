import Transport

/// Which peer of our socket speaks for which host.
///
/// A host that reconnects is another peer: it is known again by the name and the incarnation in its greeting. A peer
/// that greets as somebody else does not speak for a host, whatever number it gives: it may have it from an earlier
/// coordinator.
struct HostPeers {
    /// A host as it can be reached.
    private struct Reach {
        var peer: PeerID
        var endpoint: String
        var name: String
        var incarnation: UInt64
    }

    /// Whose a message is.
    enum Recognition {
        case known, reconnected, stranger
    }

    private var reach: [UInt32: Reach] = [:]
    private var greetings: [PeerID: PeerIntroduction] = [:]

    /// A peer has said hello.
    mutating func greet(_ peer: PeerID, _ introduction: PeerIntroduction) { greetings[peer] = introduction }

    /// A peer is gone; its host may come back as another.
    mutating func leave(_ peer: PeerID) { greetings[peer] = nil }

    /// The peer has registered as a host.
    mutating func bind(_ host: UInt32, to peer: PeerID, endpoint: String, name: String, incarnation: UInt64) {
        reach[host] = Reach(peer: peer, endpoint: endpoint, name: name, incarnation: incarnation)
    }

    /// A host is no part of the run any more.
    mutating func forget(_ host: UInt32) { reach[host] = nil }

    /// Whether the peer speaks for the host; from now on it is the one to be sent to.
    mutating func recognise(_ peer: PeerID, as host: UInt32) -> Recognition {
        guard let known = reach[host] else { return .stranger }
        if known.peer == peer { return .known }
        guard let greeting = greetings[peer], greeting.name == known.name, greeting.incarnation == known.incarnation
        else { return .stranger }
        reach[host]?.peer = peer
        return .reconnected
    }

    /// Where to send to a host.
    func peer(of host: UInt32) -> PeerID? { reach[host]?.peer }

    /// Where hosts take asks.
    var endpoints: [UInt32: String] { reach.mapValues(\.endpoint) }

    /// Number of hosts.
    var count: Int { reach.count }
}
