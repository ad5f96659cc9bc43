import Model
import ServiceRuntime
import SimulationKit
import Support
import TurnEngine
import Wire

/// Brings asks to the asked agent: in this host, or to the host that holds its partition.
final class AskRouter: Sendable {
    private struct State {
        var map: PartitionMap
        var peers: [UInt32: WireClient] = [:]
    }

    private let host: UInt32
    private let state: Guarded<State>
    private let gate: RoundGate
    private let passive: Guarded<PassiveTurns?>

    init(host: UInt32, map: PartitionMap, gate: RoundGate) {
        self.host = host
        state = Guarded(State(map: map))
        self.gate = gate
        passive = Guarded(nil)
    }

    /// Says who runs passive turns here; set once, when the round runner exists.
    func connect(_ turns: PassiveTurns) { passive.withLock { $0 = turns } }

    /// Takes over a new partition map, with connections to the other hosts.
    func update(_ map: PartitionMap, peers: [UInt32: WireClient]) {
        state.withLock {
            $0.map = map
            $0.peers = peers
        }
    }

    /// Asks an agent, wherever it is. Throws the `Problem` of a host that cannot answer.
    func ask(_ ask: AskCall) async throws -> AskReply {
        let (lease, peer) = state.withLock { state in
            let lease = state.map.lease(of: ask.agent)
            return (lease, lease.flatMap { state.peers[$0.host] })
        }
        guard let lease else { throw TurnInterrupted(reason: "nobody holds the partition of \(ask.agent)") }
        if lease.host == host { return try await answer(ask) }
        guard let peer else { throw TurnInterrupted(reason: "there is no connection to host \(lease.host)") }
        let reply = try await peer.request(
            Ask(
                epoch: lease.epoch, round: ask.tree.round, root: ask.tree.root,
                rootPartition: ask.tree.rootPartition, path: ask.path, asker: ask.asker, agent: ask.agent,
                request: ask.request, written: ask.written, recorded: Array(ask.tree.recorded.values)),
            expecting: Asked.self)
        return AskReply(answer: reply.answer, turns: reply.turns, outcomes: reply.outcomes)
    }

    /// Answers another host's ask. Refused unless this host holds the agent's partition under the epoch that the
    /// asker knows.
    func answer(_ ask: Ask, time: Int64) async throws -> Asked {
        let lease = state.withLock { $0.map.lease(of: ask.agent) }
        guard let lease, lease.host == host, lease.epoch == ask.epoch else {
            throw Problem(.fenced, "this host does not hold the partition of agent \(ask.agent) in that epoch")
        }
        let recorded = Dictionary(ask.recorded.map { ($0.call, $0) }) { first, _ in first }
        let reply = try await answer(
            AskCall(
                tree: TreeContext(
                    round: ask.round, time: time, root: ask.root, rootPartition: ask.rootPartition,
                    recorded: recorded),
                path: ask.path, asker: ask.asker, agent: ask.agent, request: ask.request, written: ask.written))
        return Asked(answer: reply.answer, turns: reply.turns, outcomes: reply.outcomes)
    }

    private func answer(_ ask: AskCall) async throws -> AskReply {
        // Another host may open the round a little earlier than this one.
        await gate.pass(ask.tree.round)
        guard let turns = passive.withLock({ $0 }) else {
            throw TurnInterrupted(reason: "this host runs no turns yet")
        }
        return try await turns.answer(ask)
    }
}

/// Runs passive turns on the agents of this host.
protocol PassiveTurns: Sendable {
    /// Runs the turn once the agent's consolidation of the round is done.
    func answer(_ ask: AskCall) async throws -> AskReply
}
