import ClusterLogic
import Transport
import Wire

/// Sends the machine's commands to hosts.
struct HostCommands: Sendable {
    let listener: any ReplySink

    /// The partition map in its wire form.
    func partitionMap(_ leases: [Lease], grant: UInt64, closedRound: UInt32, reach: [UInt32: RunPlay.Reach])
        -> LeaseGrant
    {
        LeaseGrant(
            grant: grant, closedRound: closedRound,
            leases: leases.map { PartitionLease(partition: $0.partition, epoch: $0.epoch, host: $0.host) },
            hosts: reach.sorted { $0.key < $1.key }.map { HostAddress(host: $0.key, endpoint: $0.value.endpoint) })
    }

    /// Sends a command to each of the peers.
    func send(_ command: RoundMachine.Command, map: LeaseGrant, to peers: [PeerID]) {
        let envelope =
            switch command {
            case .lease, .advance: Self.envelope(map)
            case .start(let round, let time): Self.envelope(StartRound(round: round, time: time))
            case .environment(let round): Self.envelope(StartEnvironment(round: round))
            case .drain(let round): Self.envelope(Drain(round: round))
            }
        listener.send(peers.map { ($0, envelope) })
    }

    private static func envelope(_ message: some WireMessage) -> Envelope {
        Envelope(kind: type(of: message).kind.rawValue, body: message.packed())
    }
}
