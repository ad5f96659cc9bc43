import ClusterLogic
import Model
import ServiceRuntime
import SimulationKit
import Support
import TurnEngine
import Vectors
import Wire

/// The agents of a host and the turns that run on them: its partitions' root turns, and passive turns for everyone.
final class HostTurns: PassiveTurns {
    private struct Round {
        var number: UInt32 = 0
        var time: Int64 = 0
    }

    private let assets: SimulationAssets
    private let runner: RootRunner
    private let placement: Placement
    private let loader: PartitionLoader
    private let table: Guarded<AgentTable>
    private let world: WorldCopy
    private let consolidations: Consolidations
    private let gate: PartitionGate
    private let present = Guarded(Round())

    init(
        assets: SimulationAssets, runner: RootRunner, placement: Placement, loader: PartitionLoader,
        table: Guarded<AgentTable>, gate: PartitionGate, world: WorldCopy, launcher: TaskLauncher
    ) {
        self.assets = assets
        self.runner = runner
        self.placement = placement
        self.loader = loader
        self.table = table
        self.gate = gate
        self.world = world
        consolidations = Consolidations(launcher)
    }

    /// Simulated time of the round in progress.
    var time: Int64 { present.withLock { $0.time } }

    /// The round in progress, 0 before the first.
    var round: UInt32 { present.withLock { $0.number } }

    /// Bytes of agents' long-term memory that are here, about.
    var memoryBytes: Int { table.withLock { $0.memoryBytes } }

    /// A round begins; what was kept for the one before goes.
    func begin(_ number: UInt32, time: Int64) {
        present.withLock { $0 = Round(number: number, time: time) }
        consolidations.reset()
        runner.recorded.reset()
        runner.traps.reset()
        runner.counters.withLock { $0.beginRound() }
    }

    /// Interrupts the consolidations of a lost lease, and returns them.
    func interrupt(_ lease: Lease) -> [Task<Void, any Error>] { consolidations.drop(lease) }

    /// Forgets a lost partition, of which nothing runs any more.
    func drop(_ lease: Lease) {
        runner.recorded.drop(lease)
        runner.counters.withLock { $0.drop(lease.partition) }
        loader.drop(partitions: CollectionOfOne(lease.partition))
        consolidations.forget(lease)
    }

    /// Ends everything that runs here.
    func close() async {
        world.close()
        await consolidations.close()
    }

    // MARK: Root turns

    /// The roots of a partition's round that are not durable yet.
    struct Remaining: Sendable {
        var consolidations: [PlannedRoot]
        var acts: [PlannedRoot]
    }

    /// Learns what is durable of a partition's round, plans it, and returns the roots that remain. A merged round is
    /// planned already, and all its roots are durable.
    func prepare(_ lease: Lease, round: UInt32, isMerged: Bool) async throws -> Remaining {
        let (partition, epoch) = (lease.partition, lease.epoch)
        let question = LoadPartition(partition: partition, epoch: epoch, round: round)
        let (recorder, retry) = (runner.recorder, runner.retry.under(lease))
        let durable = try await retry.patiently { try await recorder.request(question, expecting: PartitionState.self) }
        let known = try await runner.fetch(lease, round: round, root: nil)
        try await learnTraps(round, retry)
        let agents = placement.agents(in: partition)
        let planned = table.withLock { table in
            RoundPlan.roots(partition: partition, agents: agents, round: round, assets: assets, table: table)
        }
        if !isMerged {
            let plan = PlanRound(partition: partition, epoch: epoch, round: round, roots: UInt32(planned.count))
            _ = try await retry.patiently { try await recorder.request(plan, expecting: Acknowledged.self) }
        }
        let vectors = try VectorLookup(outcomes: known.outcomes, dimension: assets.embeddingDimension)
        let trees = try known.consolidations.map { try Tree(packed: $0) }
        table.withLock { table in
            for tree in trees {
                guard let agent = tree.turns.first?.agent else { continue }
                table.applyConsolidations(of: tree, vector: vectors.vector(of: agent))
            }
        }
        runner.recorded.add(known.outcomes, lease)
        runner.counters.withLock {
            $0.planned(
                .init(
                    planned: UInt64(planned.count), committed: UInt64(durable.committed.count),
                    failed: UInt64(durable.failed)), in: partition)
        }
        let committed = Set(durable.committed)
        let open = isMerged ? [] : planned.filter { !committed.contains($0.turn) }
        let early = open.filter { $0.kind == .consolidate }
        try consolidations.add(early, lease)
        return Remaining(consolidations: early, acts: open.filter { $0.kind != .consolidate })
    }

    private func learnTraps(_ round: UInt32, _ retry: ServiceRetry) async throws {
        let reading = RecordedReading(recorder: runner.recorder)
        runner.traps.update(try await retry.patiently { try await reading.traps(round: round) }.counts)
    }

    /// Runs a root turn until it is durable. Its agent's consolidation goes first, whoever waits for it.
    func run(_ root: PlannedRoot, _ lease: Lease) async throws {
        try await consolidate(root.agent)
        guard root.kind != .consolidate else { return }
        let round = present.withLock { $0 }
        let state = try await loader.complete(root.agent)
        let world = try await world.fields(inRound: round.number)
        _ = try await runner.runToCommit(
            root, lease, round: round.number, time: round.time, world: world, state: state)
    }

    private func consolidate(_ agent: AgentID) async throws {
        try await consolidations.wait(for: agent) { [self] root, lease in
            let round = present.withLock { $0 }
            let state = try await loader.complete(agent)
            let world = try await world.fields(inRound: round.number)
            let result = try await runner.runToCommit(
                root, lease, round: round.number, time: round.time, world: world, state: state)
            table.withLock { table in
                table.applyConsolidations(of: result.tree) { result.vectors[contentHash($0)] }
            }
        }
    }

    /// Runs the environment's turn on the merged round, unless it is durable already: whoever was to close the round
    /// died, and to run it again would pay for it again.
    func runEnvironment(_ lease: Lease, _ number: UInt32) async throws {
        let turn = TurnID.root(round: number, kind: .environment, agent: AgentID.environment.description)
        let question = LoadPartition(partition: lease.partition, epoch: lease.epoch, round: number)
        let durable = try await runner.retry.patiently {
            try await runner.recorder.request(question, expecting: PartitionState.self)
        }
        guard !durable.committed.contains(turn) else { return }
        try await learnTraps(number, runner.retry.under(lease))
        // On a copy: the operations take effect when the round is closed, together with those of this very turn.
        var merged = try await loader.complete(.environment)
        let updater = StateUpdater(assets)
        for operation in try await loader.operations(number, partition: lease.partition) {
            updater.apply(operation.operation, to: &merged, of: .environment)
        }
        let root = PlannedRoot(kind: .environment, agent: .environment, turn: turn, partition: lease.partition)
        runner.recorded.add(try await runner.fetch(lease, round: number, root: turn).outcomes, lease)
        _ = try await runner.runToCommit(
            root, lease, round: number, time: time, world: try await world.fields(inRound: number), state: merged,
            interventions: try await interventions(lease, inRound: number + 1))
    }

    /// What was accepted for a round while the run is played, in its order.
    private func interventions(_ lease: Lease, inRound round: UInt32) async throws -> [Intervention] {
        let question = LoadInterventions(partition: lease.partition, epoch: lease.epoch, round: round)
        let accepted = try await runner.retry.under(lease).patiently {
            try await runner.recorder.request(question, expecting: Interventions.self)
        }
        return try accepted.interventions.enumerated().map {
            try Intervention($1, at: "intervention \($0) into round \(round)")
        }
    }

    // MARK: Passive turns

    func answer(_ ask: AskCall, under lease: Lease) async throws -> AskReply {
        if ask.agent != .environment { try await consolidate(ask.agent) }
        let state = try await loader.complete(ask.agent)
        var ask = ask
        // Of an ask that came from another host nothing is known of the environment yet.
        ask.tree = ask.tree.seeing(try await world.fields(inRound: ask.tree.round))
        // What was read after the lease was lost is nobody's state.
        guard gate.isOpen(lease, round: ask.tree.round) else { throw PartitionGate.lost }
        try Task.checkCancellation()
        return try await runner.runner.runPassive(ask, state: state)
    }
}
