import ClusterLogic
import Hashing
import Model
import Recording
import SimulationKit
import Support
import TurnEngine

/// Executes one recorded round again: consolidations, acts, merge, environment, digest, as hosts and recorder do.
struct RoundReplay {
    /// What a run has come to after its last replayed round.
    struct State {
        var table: AgentTable
        var capacities: MergeCapacities
        var digest = Digest256.zero
    }

    /// An executed tree and its place in the merge.
    private struct MergedTree {
        var order: Digest128
        var root: PlannedRoot
        var tree: Tree
    }

    let run: RecordedRun
    let reader: RecordingReader
    let round: RecordedRound
    let contents: RecordedContents
    let workers: Int

    private var finder: DifferenceFinder {
        DifferenceFinder(
            reader: reader, texts: ReadableTexts(population: run.assets.population), round: round.number,
            contents: contents)
    }

    /// Goes from the state before the round to the one after it. Gives the first difference, nil where there is none.
    func replay(_ state: inout State) async throws -> ReplayDifference? {
        let recorded = Dictionary(contents.roots.map { ($0.turn, $0) }) { first, _ in first }
        var digests = recorded.mapValues(\.digest)
        let roots = plan(state.table)
        if let difference = planDifference(roots, recorded) { return difference }
        var trees: [MergedTree] = []
        trees.reserveCapacity(roots.count)
        for kind in [RootKind.consolidate, .act] {
            let replayed = try await phase(state.table, digests).run(roots.filter { $0.kind == kind })
            if let other = replayed.first(where: { !$0.isEqual }), let known = recorded[other.root.turn] {
                return try finder.difference(of: other, recorded: known)
            }
            for done in replayed {
                guard let tree = done.tree else { continue }
                if kind == .consolidate {
                    state.table.applyConsolidations(of: tree) { done.vectors[contentHash($0)] }
                }
                trees.append(
                    MergedTree(
                        order: run.assets.seed.mergeOrder(round: round.number, root: done.root.turn), root: done.root,
                        tree: tree))
            }
        }
        trees.sort { $0.order < $1.order }
        if let difference = orderDifference(trees.map(\.root)) { return difference }
        var (changes, claims) = try merge(trees.map(\.tree), &state.capacities)
        var environment: Digest256?
        let interventions = try interventions
        if run.assets.scenario.hasEnvironmentTurn || !interventions.isEmpty
            || !run.assets.interventions(inRound: round.number + 1).isEmpty
        {
            let root = environmentRoot
            guard let known = contents.environment else { return finder.onlyPlanned(root) }
            digests[root.turn] = known.digest
            let merged = environmentState(state.table, changes)
            let replayed = try await phase(state.table, digests).run(
                [root], as: merged, interventions: interventions)
            if let other = replayed.first(where: { !$0.isEqual }) {
                return try finder.difference(of: other, recorded: known)
            }
            if let tree = replayed.first?.tree {
                environment = known.digest
                let decisions = try state.capacities.merge(tree, place: UInt64(trees.count))
                claims += decisions
                changes += MergedChange.delivered(by: tree, granted: decisions.map(\.granted))
            }
        } else if let known = contents.environment {
            return finder.onlyRecorded(known)
        }
        apply(changes, to: &state.table)
        // Every executed tree has the digest of the recorded one by now.
        let merged = trees.compactMap { digests[$0.root.turn] }
        return try close(&state, trees: merged, claims: claims, environment: environment)
    }

    // MARK: Steps

    /// Those that were accepted while the run was played and take effect with the next round.
    private var interventions: [Intervention] {
        get throws {
            let next = round.number + 1
            return try reader.interventions(inRound: next).enumerated().map { place, bytes in
                do { return try Intervention(packed: bytes) } catch {
                    throw UserError(
                        "intervention \(place) into round \(next) cannot be read", at: run.definition.run,
                        advice: "check the recording by coordinator verify", exitCode: .dataError)
                }
            }
        }
    }

    private func plan(_ table: AgentTable) -> [PlannedRoot] {
        run.agentsByPartition.enumerated().flatMap { partition, agents in
            RoundPlan.roots(
                partition: UInt32(partition), agents: agents, round: round.number, assets: run.assets, table: table)
        }
    }

    private func planDifference(
        _ roots: [PlannedRoot], _ recorded: [TurnID: RecordedRoot]
    ) -> ReplayDifference? {
        if let missing = roots.first(where: { recorded[$0.turn] == nil }) { return finder.onlyPlanned(missing) }
        guard roots.count != contents.roots.count else { return nil }
        let planned = Set(roots.map(\.turn))
        return contents.roots.first { !planned.contains($0.turn) }.map(finder.onlyRecorded)
    }

    /// The trees merge in an order that follows from the seed, whatever order the recording has.
    private func orderDifference(_ roots: [PlannedRoot]) -> ReplayDifference? {
        zip(roots, contents.roots).first { $0.turn != $1.turn }.map(finder.ofOrder)
    }

    private func phase(_ table: AgentTable, _ digests: [TurnID: Digest256]) -> RootPhase {
        RootPhase(
            assets: run.assets, table: table, outcomes: contents.outcomes, digests: digests, round: round.number,
            time: run.time(ofRound: round.number), workers: workers)
    }

    /// Decides the claims of trees in their order; what they deliver follows in the same order.
    private func merge(
        _ trees: [Tree], _ capacities: inout MergeCapacities
    ) throws -> (changes: [MergedChange], claims: [ClaimDecision]) {
        var changes: [MergedChange] = []
        var claims: [ClaimDecision] = []
        for (place, tree) in trees.enumerated() {
            let decisions = try capacities.merge(tree, place: UInt64(place))
            changes += MergedChange.delivered(by: tree, granted: decisions.map(\.granted))
            claims += decisions
        }
        return (changes, claims)
    }

    private var environmentRoot: PlannedRoot {
        PlannedRoot(
            kind: .environment, agent: .environment,
            turn: .root(round: round.number, kind: .environment, agent: AgentID.environment.description),
            partition: run.definition.partitions)
    }

    /// The environment as its turn sees it: after the merge, while all others stand at the start of the round.
    private func environmentState(_ table: AgentTable, _ changes: [MergedChange]) -> AgentState {
        let updater = StateUpdater(run.assets)
        var merged = table.state(of: .environment)
        for change in changes where change.target == .environment {
            updater.apply(change.operation, to: &merged, of: .environment)
        }
        return merged
    }

    private func apply(_ changes: [MergedChange], to table: inout AgentTable) {
        table.beginMerge(round.number)
        // Vectors of consolidations are in the table since these committed.
        for change in changes { table.merge(change.operation, target: change.target, round: round.number) { _ in nil } }
        table.endMerge()
    }

    private func close(
        _ state: inout State, trees: [Digest256], claims: [ClaimDecision], environment: Digest256?
    ) throws -> ReplayDifference? {
        state.digest = roundDigest(
            previous: state.digest, round: round.number, trees: trees, claims: claims, environment: environment)
        guard state.digest != round.digest else { return nil }
        return try finder.ofRound(claims: claims, digest: state.digest, recorded: round.digest)
    }
}
