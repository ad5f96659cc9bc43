import ClusterLogic
import Model
import Support
import Testing
import TurnEngine

@testable import AgentHostRole

@Suite struct ConsolidationsTests {
    private let lease = Lease(partition: 0, epoch: 1, host: 0)
    private let root = PlannedRoot(
        kind: .consolidate, agent: AgentID(number: 0),
        turn: .root(round: 1, kind: .consolidate, agent: "p"), partition: 0)

    /// Whether somebody who needs the agent's consolidation has it run.
    private func runs(_ consolidations: Consolidations) async throws -> Bool {
        let hasRun = Guarded(false)
        try await consolidations.wait(for: root.agent) { _, _ in hasRun.withLock { $0 = true } }
        return hasRun.withLock { $0 }
    }

    @Test func whatIsPlannedUnderALeaseThatWasLostMeanwhileIsNotKept() async throws {
        let consolidations = Consolidations(TaskLauncher())
        #expect(consolidations.drop(lease).isEmpty)
        #expect(throws: CancellationError.self) { try consolidations.add([root], lease) }
        #expect(try await !runs(consolidations))
    }

    @Test func anotherLeaseOfThePartitionMayAddTheSame() async throws {
        let consolidations = Consolidations(TaskLauncher())
        _ = consolidations.drop(lease)
        try consolidations.add([root], Lease(partition: 0, epoch: 2, host: 0))
        #expect(try await runs(consolidations))
        // Done once: the next one finds nothing to wait for.
        #expect(try await !runs(consolidations))
    }

    @Test func aConsolidationThatRunsForALostLeaseIsInterrupted() async throws {
        let consolidations = Consolidations(TaskLauncher())
        try consolidations.add([root], lease)
        let hasBegun = Guarded(false)
        let waiter = TaskLauncher().launch { [root] in
            try await consolidations.wait(for: root.agent) { _, _ in
                hasBegun.withLock { $0 = true }
                while true {
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
        }
        while !hasBegun.withLock({ $0 }) { await Task.yield() }
        let running = consolidations.drop(lease)
        #expect(running.count == 1)
        await #expect(throws: CancellationError.self) { try await waiter.value }
    }
}
