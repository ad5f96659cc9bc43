import ClusterLogic
import Model
import ServiceRuntime
import SimulationKit
import Support
import Transport
import TurnEngine
import Wire

/// Brings asks to the asked agent: in this host, or to the host that holds its partition. While partitions change hands
/// it looks again and again: a turn does not fail because a host did.
final class AskRouter: Sendable {
    private struct State {
        var map = PartitionMap()
        var peers: [UInt32: WireClient] = [:]
    }

    private let host: UInt32
    private let placement: Placement
    private let gate: PartitionGate
    private let recorded: RecordedReading
    private let traps: TrapCounts
    private let pause: @Sendable (Int) async throws -> Void
    private let state = Guarded(State())
    private let passive = Guarded<(any PassiveTurns)?>(nil)

    /// A router for the host of this number; `pause` waits before the next look, and counts them from 0.
    init(
        host: UInt32, placement: Placement, gate: PartitionGate, recorded: RecordedReading,
        traps: TrapCounts,
        pause: @escaping @Sendable (Int) async throws -> Void
    ) {
        self.host = host
        self.placement = placement
        self.gate = gate
        self.recorded = recorded
        self.traps = traps
        self.pause = pause
    }

    /// Says who runs passive turns here; set once, when they exist.
    func connect(_ turns: any PassiveTurns) { passive.withLock { $0 = turns } }

    /// Lets go of who runs passive turns. Turns hold the router that asks for them, and would keep each other, with all
    /// agents of a life, for ever.
    func disconnect() { passive.withLock { $0 = nil } }

    /// Takes over a new partition map, with connections to the other hosts.
    func update(_ map: PartitionMap, peers: [UInt32: WireClient]) {
        state.withLock {
            $0.map = map
            $0.peers = peers
        }
    }

    /// Asks an agent, wherever it is, until it answers.
    /// - Throws: `Problem` for what says something about the ask itself, `TurnInterrupted`, `CancellationError`.
    func ask(_ ask: AskCall) async throws -> AskReply {
        guard let partition = placement.partition(of: ask.agent) else {
            throw TurnInterrupted(reason: "agent \(ask.agent) is not part of the population")
        }
        var ask = ask
        var tries = 0
        // Somebody may have begun to answer, and paid for calls of which the asker knows nothing.
        var mayHaveBegun = false
        while true {
            try Task.checkCancellation()
            do {
                if mayHaveBegun, let known = try await recorded(of: ask.tree) {
                    ask.tree = ask.tree.knowing(known)
                    mayHaveBegun = false
                }
                if !mayHaveBegun, let (lease, peer) = holder(of: partition) {
                    if let reply = try await once(ask, lease, peer) { return reply }
                    mayHaveBegun = true
                }
            } catch {
                guard Self.isPassing(error) else { throw error }
                if !Self.isRefusal(error) { mayHaveBegun = true }
            }
            try await pause(tries)
            tries += 1
        }
    }

    /// What the recorder has of a tree by now; nil while nobody is known to hold the root's partition.
    /// - Throws: `TurnInterrupted` where the tree's code has ended so many hosts that it is not run any more.
    private func recorded(of tree: TreeContext) async throws -> [CallID: RecordedOutcome]? {
        traps.update(try await recorded.traps(round: tree.round).counts)
        guard !traps.isGivenUp(tree.root) else {
            throw TurnInterrupted(reason: "code of this turn ends the hosts that it runs on", isKnown: true)
        }
        guard let lease = state.withLock({ $0.map.leases[tree.rootPartition] }) else { return nil }
        return try await recorded.known(lease, round: tree.round, root: tree.root)
    }

    /// Who holds a partition, with the connection to them unless it is this host; nil where the map points nowhere.
    private func holder(of partition: UInt32) -> (Lease, WireClient?)? {
        state.withLock { state in
            guard let lease = state.map.leases[partition] else { return nil }
            if lease.host == host { return (lease, nil) }
            return state.peers[lease.host].map { (lease, $0) }
        }
    }

    /// Asks the holder of a lease; nil where it has lost it meanwhile.
    private func once(_ ask: AskCall, _ lease: Lease, _ peer: WireClient?) async throws -> AskReply? {
        guard let peer else { return try await here(ask, under: lease) }
        let count = traps.count(of: ask.tree.root)
        let reply = try await peer.request(
            Ask(
                epoch: lease.epoch, round: ask.tree.round, root: ask.tree.root,
                rootPartition: ask.tree.rootPartition, path: ask.path, asker: ask.asker, agent: ask.agent,
                request: ask.request, written: ask.written, recorded: ask.recorded, traps: count.times,
                alone: count.alone, rootEpoch: ask.tree.rootEpoch),
            expecting: Asked.self)
        return AskReply(answer: reply.answer, turns: reply.turns, outcomes: reply.outcomes)
    }

    /// Asks an agent of this very host. What interrupts the passive turn because its partition goes does not interrupt
    /// the asker, whose own partition may stay.
    private func here(_ ask: AskCall, under lease: Lease) async throws -> AskReply? {
        do {
            return try await answer(ask, under: lease)
        } catch is CancellationError where !Task.isCancelled {
            return nil
        } catch let interrupted as TurnInterrupted {
            guard state.withLock({ $0.map.leases[lease.partition] }) == lease else { return nil }
            throw interrupted
        }
    }

    /// What passes once partitions have found their new holders: a holder that is gone, two maps that differ for a
    /// moment, a host that is still loading.
    private static func isPassing(_ error: any Error) -> Bool {
        switch error {
        case let problem as Problem:
            problem.code == .fenced || problem.code == .unavailable || problem.code == .overloaded
        case TransportError.closed, TransportError.overloaded: true
        case TransportError.refused(let refusal): refusal.code == .credit
        default: false
        }
    }

    /// Whether nothing has been done of what was asked.
    private static func isRefusal(_ error: any Error) -> Bool {
        switch error {
        case let problem as Problem: problem.code == .fenced || problem.code == .overloaded
        case TransportError.overloaded, TransportError.refused: true
        default: false
        }
    }

    /// Answers another host's ask. Refused unless this host holds the agent's partition under the epoch that the
    /// asker knows. What interrupts the passive turn here is for the asker a host that cannot answer now.
    func answer(_ ask: Ask, time: Int64) async throws -> Asked {
        guard let partition = placement.partition(of: ask.agent),
            let lease = state.withLock({ $0.map.leases[partition] }), lease.host == host, lease.epoch == ask.epoch
        else {
            throw Problem(.fenced, "this host does not hold the partition of agent \(ask.agent) in that epoch")
        }
        let recorded = Dictionary(ask.recorded.map { ($0.call, $0.outcome) }) { first, _ in first }
        let call = AskCall(
            tree: TreeContext(
                round: ask.round, time: time, root: ask.root, rootPartition: ask.rootPartition,
                rootEpoch: ask.rootEpoch, recorded: recorded),
            path: ask.path, asker: ask.asker, agent: ask.agent, request: ask.request, written: ask.written)
        do {
            let reply = try await answer(
                call, under: lease, knowing: TrapCount(root: ask.root, times: ask.traps, alone: ask.alone))
            return Asked(answer: reply.answer, turns: reply.turns, outcomes: reply.outcomes)
        } catch let interrupted as TurnInterrupted {
            throw Problem(.unavailable, "the turn was interrupted: \(interrupted.reason)")
        } catch is CancellationError {
            throw Problem(.unavailable, "the asker has lost its partition, or this host leaves")
        }
    }

    /// Runs the passive turn, once the round is open. `count` is what the asker knows of traps of the tree, and this
    /// host perhaps does not: it has learnt of those of its own roots alone.
    private func answer(
        _ ask: AskCall, under lease: Lease, knowing count: TrapCount? = nil
    ) async throws -> AskReply {
        // Another host may open the round a little earlier than this one, which may still be loading.
        try await gate.pass(lease, round: ask.tree.round)
        // Behind the gate: what is known of traps is forgotten when a round begins.
        if let count, count.times > 0 { traps.update([count]) }
        guard let turns = passive.withLock({ $0 }) else {
            throw Problem(.unavailable, "this host runs no turns")
        }
        return try await turns.answer(ask, under: lease)
    }
}

/// Runs passive turns on the agents of this host.
protocol PassiveTurns: Sendable {
    /// Runs the turn once the agent's consolidation of the round is done.
    func answer(_ ask: AskCall, under lease: Lease) async throws -> AskReply
}
