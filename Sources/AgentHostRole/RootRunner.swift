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
    let counters: Guarded<HostCounters>

    /// Runs the root on its agent's state, again for as long as other outcomes are durable than those that it used.
    /// - Throws: `TurnInterrupted` or `CancellationError` where it has to be run again later or elsewhere.
    func runToCommit(
        _ root: PlannedRoot, _ lease: Lease, round: UInt32, time: Int64, world: [String: Value], state: AgentState,
        interventions: [Intervention] = []
    ) async throws -> RootResult {
        var known = recorded.take(root.turn)
        do {
            while true {
                try Task.checkCancellation()
                let context = TreeContext(
                    round: round, time: time, root: root.turn, rootPartition: root.partition, world: world,
                    recorded: known)
                let result = try await runner.runRoot(
                    root.kind, agent: root.agent, state: state, tree: context, interventions: interventions)
                switch try await commit(result, root, lease, round) {
                case .committed, .duplicate:
                    finish(result, root.partition)
                    return result
                case .rerun:
                    let page = try await fetch(lease, round: round, root: root.turn)
                    known = Dictionary(page.outcomes.map { ($0.call, RecordedOutcome($0)) }) { first, _ in first }
                }
            }
        } catch {
            // Should it run again here, what was recorded is given back again.
            recorded.putBack(known, of: root.turn, lease)
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
        var all = RecordedOutcomes(consolidations: [], outcomes: [], next: 0)
        repeat {
            let question = FetchOutcomes(
                partition: lease.partition, epoch: lease.epoch, round: round, root: root, cursor: all.next)
            let page = try await retry.under(lease).patiently {
                try await recorder.request(question, expecting: RecordedOutcomes.self)
            }
            all.consolidations += page.consolidations
            all.outcomes += page.outcomes
            all.next = page.next
        } while all.next != 0
        return all
    }
}
