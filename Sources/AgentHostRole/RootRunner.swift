import ClusterLogic
import Model
import ServiceRuntime
import SimulationKit
import Support
import TurnEngine
import Wire

/// Runs one root turn until its tree is durable.
struct RootRunner: Sendable {
    /// What gateways know the run's calls by.
    let scope: String
    let runner: TurnRunner
    let recorder: WireClient
    let llm: WireClient
    let outcomes: OutcomeStream
    let retry: ServiceRetry
    let recorded: RecordedTable
    let traps: TrapCounts
    let counters: Guarded<HostCounters>

    /// Runs the root on its agent's state, again for as long as other outcomes are durable than those that it used.
    /// - Throws: `TurnInterrupted` or `CancellationError` where it has to be run again later or elsewhere.
    func runToCommit(
        _ root: PlannedRoot, _ lease: Lease, round: UInt32, time: Int64, world: World, state: AgentState,
        interventions: [Intervention] = []
    ) async throws -> RootResult {
        do {
            var known: [CallID: RecordedOutcome]
            if let kept = recorded.take(root.turn) {
                known = kept
            } else {
                outcomes.flush()
                known = try await RecordedReading.byCall(fetch(lease, round: round, root: root.turn))
            }
            while true {
                try Task.checkCancellation()
                let context = TreeContext(
                    round: round, time: time, root: root.turn, rootPartition: root.partition,
                    rootEpoch: lease.epoch, world: world,
                    recorded: known)
                let isGivenUp = traps.isGivenUp(root.turn)
                let result: RootResult
                do {
                    result = try await runner.runRoot(
                        root.kind, agent: root.agent, state: state, tree: context, interventions: interventions,
                        traps: isGivenUp)
                } catch is TurnInterrupted where !isGivenUp && traps.isGivenUp(root.turn) {
                    // An agent that it asked has ended one host too many.
                    continue
                }
                switch try await commit(result, root, lease, round) {
                case .committed, .duplicate:
                    finish(result, root.partition)
                    return result
                case .rerun:
                    known = try await RecordedReading.byCall(fetch(lease, round: round, root: root.turn))
                }
            }
        } catch {
            // Should it run again here, it begins with what is recorded by then.
            recorded.interrupted(root.turn, lease)
            throw error
        }
    }

    private func commit(
        _ result: RootResult, _ root: PlannedRoot, _ lease: Lease, _ round: UInt32
    ) async throws -> CommitResult.Verdict {
        let commit = CommitTree(
            partition: root.partition, epoch: lease.epoch, root: root.turn, round: round, tree: result.tree.packed(),
            outcomes: result.outcomes)
        outcomes.flush()
        return try await retry.under(lease).patiently {
            // A lease that was lost while the recorder was busy does not commit any more.
            try Task.checkCancellation()
            return try await recorder.request(commit, expecting: CommitResult.self)
        }.verdict
    }

    private func finish(_ result: RootResult, _ partition: UInt32) {
        llm.post(ReleaseOutcomes(run: scope, calls: result.outcomes.map(\.call)))
        let failed = result.tree.root.failure != nil
        counters.withLock { $0.committed(in: partition, failed: failed) }
    }

    /// What is recorded of a partition's open round, or of one root in it.
    func fetch(_ lease: Lease, round: UInt32, root: TurnID?) async throws -> RecordedOutcomes {
        try await RecordedReading(recorder: recorder)
            .outcomes(lease, round: round, root: root, retry: retry.under(lease))
    }
}
