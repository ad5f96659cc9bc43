import Model
import ServiceRuntime
import SimulationKit
import Support
import TurnEngine
import Vectors
import Wire

/// Runs the root turns of this host's partitions, and passive turns for everyone.
final class RoundRunner: PassiveTurns {
    private struct State {
        var round: UInt32 = 0
        var time: Int64 = 0
        /// Consolidations that the round needs and that are not known to be done; a task once started.
        var consolidations: [AgentID: Task<Void, any Error>?] = [:]
        /// Root turns by identity, to be started once each.
        var recorded: [TurnID: [CallID: OutcomeRecord]] = [:]
        var plans: [AgentID: PlannedRoot] = [:]
        var epochs: [UInt32: UInt64] = [:]
        var draining = false
    }

    private let run: String
    private let assets: SimulationAssets
    private let runner: TurnRunner
    private let recorder: WireClient
    private let outcomes: OutcomeStream
    private let llm: WireClient
    private let retry: ServiceRetry
    private let counters: Guarded<HostCounters>
    private let gate: RoundGate
    private let window: Int
    private let agentsByPartition: [[AgentID]]
    private let table: Guarded<AgentTable>
    private let loader: PartitionLoader
    private let state: Guarded<State>

    init(
        run: String, assets: SimulationAssets, performer: any CallPerformer, recorder: WireClient, llm: WireClient,
        outcomes: OutcomeStream, retry: ServiceRetry, counters: Guarded<HostCounters>, gate: RoundGate, window: Int,
        loader: PartitionLoader
    ) {
        self.run = run
        self.assets = assets
        runner = TurnRunner(assets: assets, performer: performer)
        self.recorder = recorder
        self.llm = llm
        self.outcomes = outcomes
        self.retry = retry
        self.counters = counters
        self.gate = gate
        self.window = window
        self.loader = loader
        table = loader.table
        agentsByPartition = loader.members
        state = Guarded(State())
    }

    // MARK: Partitions

    /// Takes over the leases that this host holds; what it does not hold any more is dropped.
    func hold(_ leases: [PartitionLease]) {
        let lost = state.withLock { state in
            let before = state.epochs
            state.epochs = Dictionary(leases.map { ($0.partition, $0.epoch) }) { $1 }
            return before.keys.filter { state.epochs[$0] == nil }
        }
        loader.drop(partitions: lost)
    }

    // MARK: A round

    /// Runs every root turn of the held partitions to its commit. Returns false when it drained before the end.
    func run(_ round: UInt32, time: Int64) async throws -> Bool {
        let leases = state.withLock { state in
            state.round = round
            state.time = time
            state.consolidations = [:]
            state.recorded = [:]
            state.plans = [:]
            return state.epochs.sorted { $0.key < $1.key }
        }
        counters.withLock {
            $0.planned = 0
            $0.committed = 0
            $0.failed = 0
        }
        var roots: [PlannedRoot] = []
        for (partition, epoch) in leases where partition < UInt32(agentsByPartition.count - 1) {
            roots += try await prepare(partition, epoch: epoch, round: round)
        }
        // Consolidations of all partitions first: acts and asks wait for them.
        roots = roots.filter { $0.kind == .consolidate } + roots.filter { $0.kind == .act }
        gate.open(round)
        return try await runAll(roots)
    }

    /// Learns what is durable of a partition's round, plans it, and returns the roots that remain.
    private func prepare(_ partition: UInt32, epoch: UInt64, round: UInt32) async throws -> [PlannedRoot] {
        let question = LoadPartition(partition: partition, epoch: epoch, round: round)
        let durable = try await retry.patiently {
            try await self.recorder.request(question, expecting: PartitionState.self)
        }
        let recordedOutcomes = try await recordedOutcomes(partition, epoch: epoch, round: round, root: nil)
        let agents = agentsByPartition[Int(partition)]
        let committed = Set(durable.committed)
        let planned = table.withLock { table in
            RoundPlan.roots(partition: partition, agents: agents, round: round, assets: assets, table: table)
        }
        let plan = PlanRound(partition: partition, epoch: epoch, round: round, roots: UInt32(planned.count))
        _ = try await retry.patiently { try await self.recorder.request(plan, expecting: Acknowledged.self) }
        let open = planned.filter { !committed.contains($0.turn) }
        let vectors = try VectorLookup(outcomes: recordedOutcomes.outcomes)
        let trees = try recordedOutcomes.consolidations.map { try Tree(packed: $0) }
        counters.withLock {
            $0.planned += UInt64(planned.count)
            $0.committed += UInt64(committed.count)
            $0.failed += UInt64(durable.failed)
        }
        table.withLock { table in
            for tree in trees { table.applyConsolidations(of: tree, vector: vectors.vector) }
        }
        state.withLock { state in
            for outcome in recordedOutcomes.outcomes {
                state.recorded[outcome.root, default: [:]][outcome.call] = outcome
            }
            for root in open where root.kind == .consolidate {
                state.consolidations[root.agent] = .some(nil)
                state.plans[root.agent] = root
            }
        }
        return open
    }

    /// What is recorded of a partition's open round, or of one root in it.
    private func recordedOutcomes(
        _ partition: UInt32, epoch: UInt64, round: UInt32, root: TurnID?
    ) async throws -> RecordedOutcomes {
        var all = RecordedOutcomes(consolidations: [], outcomes: [], next: 0)
        repeat {
            let question = FetchOutcomes(
                partition: partition, epoch: epoch, round: round, root: root, cursor: all.next)
            let page = try await retry.patiently {
                try await self.recorder.request(question, expecting: RecordedOutcomes.self)
            }
            all.consolidations += page.consolidations
            all.outcomes += page.outcomes
            all.next = page.next
        } while all.next != 0
        return all
    }

    /// Runs roots in order, at most `window` at a time. Waiting for an agent's consolidation starts it, so that
    /// nobody waits for a turn that waits for room in the window.
    private func runAll(_ roots: [PlannedRoot]) async throws -> Bool {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var remaining = roots.makeIterator()
            var running = 0
            var drained = false
            while true {
                while running < window, !drained, let root = remaining.next() {
                    if state.withLock({ $0.draining }) {
                        drained = true
                        break
                    }
                    running += 1
                    group.addTask { try await self.run(root) }
                }
                guard running > 0 else { return !drained }
                try await group.next()
                running -= 1
            }
        }
    }

    private func run(_ root: PlannedRoot) async throws {
        try await consolidation(of: root.agent)?.value
        if root.kind != .consolidate { _ = try await runToCommit(root) }
    }

    /// The task that consolidates an agent in this round, started if need be; nil when there is nothing to wait for.
    private func consolidation(of agent: AgentID) -> Task<Void, any Error>? {
        state.withLock { state in
            guard let known = state.consolidations[agent] else { return nil }
            if let task = known { return task }
            guard let root = state.plans[agent] else { return nil }
            let task = Task {
                let result = try await self.runToCommit(root)
                self.table.withLock { $0.applyConsolidations(of: result.tree, vector: { result.vectors[$0] }) }
                self.state.withLock { $0.consolidations[agent] = nil }
            }
            state.consolidations[agent] = .some(task)
            return task
        }
    }

    /// Runs a root turn until its tree is durable; on the agent's state in the table unless `given` is.
    private func runToCommit(_ root: PlannedRoot, as given: AgentState? = nil) async throws -> RootResult {
        var recorded = state.withLock { $0.recorded.removeValue(forKey: root.turn) } ?? [:]
        while true {
            let agentState = given == nil ? try await loader.complete(root.agent) : AgentState()
            let (round, time, epoch) = state.withLock { ($0.round, $0.time, $0.epochs[root.partition]) }
            guard let epoch else { throw TurnInterrupted(reason: "partition \(root.partition) went to another host") }
            let context = TreeContext(
                round: round, time: time, root: root.turn, rootPartition: root.partition, recorded: recorded)
            let result = try await runner.runRoot(
                root.kind, agent: root.agent, state: given ?? agentState, tree: context)
            let commit = CommitTree(
                partition: root.partition, epoch: epoch, root: root.turn, round: round, tree: result.tree.packed(),
                outcomes: result.outcomes)
            outcomes.flush()
            let verdict = try await retry.patiently {
                try await self.recorder.request(commit, expecting: CommitResult.self)
            }
            switch verdict.verdict {
            case .committed, .duplicate:
                finish(result)
                return result
            case .rerun:
                let known = try await recordedOutcomes(root.partition, epoch: epoch, round: round, root: root.turn)
                recorded = Dictionary(known.outcomes.map { ($0.call, $0) }) { first, _ in first }
            }
        }
    }

    private func finish(_ result: RootResult) {
        llm.post(ReleaseOutcomes(run: run, calls: result.outcomes.map(\.call)))
        let failed = result.tree.root.failure != nil
        counters.withLock { counters in
            counters.committed += 1
            if failed { counters.failed += 1 }
        }
    }

    // MARK: Passive turns and the environment

    func answer(_ ask: AskCall) async throws -> AskReply {
        if ask.agent != .environment { try await consolidation(of: ask.agent)?.value }
        return try await runner.runPassive(ask, state: try await loader.complete(ask.agent))
    }

    /// Runs the environment's turn on the merged round, if this host holds its partition.
    func runEnvironment(_ round: UInt32, time: Int64) async throws {
        let partition = UInt32(agentsByPartition.count - 1)
        let isHeld = state.withLock { state in
            state.round = round
            state.time = time
            return state.epochs[partition] != nil
        }
        guard isHeld else { return }
        // On a copy: the operations take effect when the round is closed, together with those of this very turn.
        var merged = try await loader.complete(.environment)
        let updater = StateUpdater(memory: assets.memory, population: assets.population)
        for operation in try await loader.operations(round, partition: partition) {
            updater.apply(operation.operation, to: &merged, of: .environment)
        }
        let turn = TurnID.root(round: round, kind: .environment, agent: AgentID.environment.description)
        _ = try await runToCommit(
            PlannedRoot(kind: .environment, agent: .environment, turn: turn, partition: partition), as: merged)
    }

    /// Simulated time of the round in progress.
    var time: Int64 { state.withLock { $0.time } }

    /// Starts no further root turn.
    func drain() { state.withLock { $0.draining = true } }
}
