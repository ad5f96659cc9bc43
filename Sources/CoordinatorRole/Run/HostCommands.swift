import ClusterLogic
import Transport
import Wire

/// Sends the machine's commands to hosts.
struct HostCommands: Sendable {
    let listener: any ReplySink

    /// Sends a command to each of the peers; `endpoints` says where hosts take asks.
    func send(_ command: RoundMachine.Command, to peers: [PeerID], endpoints: [UInt32: String]) {
        let envelope =
            switch command {
            case .lease(let map): Self.envelope(Self.grant(map, endpoints))
            case .start(let round, let time): Self.envelope(StartRound(round: round, time: time))
            case .environment(let round): Self.envelope(StartEnvironment(round: round))
            case .drain(let round): Self.envelope(Drain(round: round))
            }
        listener.send(peers.map { ($0, envelope) })
    }

    /// Tells a peer that the host it speaks for is no part of the run any more.
    func dismiss(_ host: UInt32, at peer: PeerID, reason: String) {
        listener.send([(peer, Self.envelope(HostDismissed(host: host, reason: reason)))])
    }

    /// The partition map in its wire form.
    private static func grant(_ map: LeaseMap, _ endpoints: [UInt32: String]) -> LeaseGrant {
        LeaseGrant(
            grant: map.grant, closedRound: map.closedRound, leases: map.leases,
            hosts: map.hosts.compactMap { host in
                endpoints[host].map { HostAddress(host: host, endpoint: $0) }
            })
    }

    private static func envelope(_ message: some WireMessage) -> Envelope {
        Envelope(kind: type(of: message).kind.rawValue, body: message.packed())
    }
}
