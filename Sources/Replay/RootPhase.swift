import Hashing
import Model
import Recording
import SimulationKit
import Support
import TurnEngine
import Vectors

/// What became of a root turn that was executed again.
struct ReplayedRoot: Sendable {
    var root: PlannedRoot
    /// Its tree; nil where it could not be executed to its end.
    var tree: Tree?
    /// Vectors of a consolidation, by text.
    var vectors: [Digest128: FixedVector] = [:]
    /// Calls that are not recorded.
    var misses: [Miss] = []
    /// What else kept it from its end.
    var interruption = ""
    /// Whether its tree is the one recorded.
    var isEqual = false
}

/// Runs root turns that see the same state, over as many cores as there are.
struct RootPhase: Sendable {
    let assets: SimulationAssets
    let table: AgentTable
    let outcomes: [TurnID: RecordedTurn]
    /// Digests of the recorded trees, by root turn.
    let digests: [TurnID: Digest256]
    let round: UInt32
    let time: Int64
    let workers: Int
    /// What turns may read of the environment.
    private let world: [String: Value]

    init(
        assets: SimulationAssets, table: AgentTable, outcomes: [TurnID: RecordedTurn], digests: [TurnID: Digest256],
        round: UInt32, time: Int64, workers: Int
    ) {
        self.assets = assets
        self.table = table
        self.outcomes = outcomes
        self.digests = digests
        self.round = round
        self.time = time
        self.workers = workers
        world = assets.world(table.state(of: .environment))
    }

    /// Roots that a worker takes at once.
    private static let batch = 16

    /// Runs roots; results in their order. `given` replaces the state of their agents in the table;
    /// `interventions` are those that the environment's turn carries out.
    ///
    /// After a root that differs no further batch begins. Batches begin in order, so that the first root that differs
    /// is always among the results.
    func run(
        _ roots: [PlannedRoot], as given: AgentState? = nil, interventions: [Intervention] = []
    ) async throws -> [ReplayedRoot] {
        guard !roots.isEmpty else { return [] }
        let performer = RecordPerformer(assets: assets, table: table, outcomes: outcomes)
        let runner = TurnRunner(assets: assets, performer: performer)
        let next = Guarded(0)
        return try await withThrowingTaskGroup(of: [(Int, ReplayedRoot)].self) { group in
            for _ in 0..<max(1, min(workers, roots.count)) {
                group.addTask {
                    var done: [(Int, ReplayedRoot)] = []
                    while true {
                        try Task.checkCancellation()
                        let start = next.withLock { next in
                            defer { next += Self.batch }
                            return next
                        }
                        guard start < roots.count else { return done }
                        for index in start..<min(start + Self.batch, roots.count) {
                            let replayed = try await run(
                                roots[index], runner, performer, as: given, interventions)
                            if !replayed.isEqual { next.withLock { $0 = roots.count } }
                            done.append((index, replayed))
                        }
                    }
                }
            }
            var replayed = [ReplayedRoot?](repeating: nil, count: roots.count)
            for try await part in group { for (index, root) in part { replayed[index] = root } }
            return replayed.compactMap { $0 }
        }
    }

    private func run(
        _ root: PlannedRoot, _ runner: TurnRunner, _ performer: RecordPerformer, as given: AgentState?,
        _ interventions: [Intervention]
    ) async throws -> ReplayedRoot {
        let context = TreeContext(
            round: round, time: time, root: root.turn, rootPartition: root.partition, world: world)
        var replayed = ReplayedRoot(root: root)
        do {
            let result = try await runner.runRoot(
                root.kind, agent: root.agent, state: given ?? table.state(of: root.agent), tree: context,
                interventions: interventions)
            replayed.tree = result.tree
            replayed.vectors = result.vectors
            replayed.isEqual = Tree.digest(ofPacked: result.tree.packed()) == digests[root.turn]
        } catch let error as TurnInterrupted {
            replayed.interruption = error.reason
        }
        // Looked at even where the turn came to its end: a scenario may catch what should have ended it.
        replayed.misses = performer.missed(under: root.turn)
        replayed.isEqual = replayed.isEqual && replayed.misses.isEmpty
        return replayed
    }
}
