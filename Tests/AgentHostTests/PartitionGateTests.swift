import ClusterLogic
import Model
import Support
import Testing
import Wire

@testable import AgentHostRole

@Suite struct PartitionGateTests {
    private let lease = Lease(partition: 1, epoch: 7, host: 0)

    @Test func whoComesEarlyWaitsUntilThePartitionIsReady() async throws {
        let gate = PartitionGate()
        gate.hold(lease)
        #expect(!gate.isOpen(lease, round: 1))
        async let passed: Void = gate.pass(lease, round: 1)
        gate.open(lease, round: 1)
        try await passed
        #expect(gate.isOpen(lease, round: 1))
        #expect(!gate.isOpen(lease, round: 2))
    }

    @Test func aLeaseThatIsNotHeldTurnsEverybodyAwayAtOnce() async {
        let gate = PartitionGate()
        let problem = await #expect(throws: Problem.self) { try await gate.pass(lease, round: 1) }
        #expect(problem?.code == .unavailable)
        gate.open(lease, round: 1)
        #expect(!gate.isOpen(lease, round: 1), "opening does not make it held")
    }

    @Test func whoWaitsForALostLeaseIsSentToLookElsewhere() async {
        let gate = PartitionGate()
        gate.hold(lease)
        let waiter = Task { try await gate.pass(lease, round: 1) }
        gate.close(lease)
        let result = await waiter.result
        #expect(throws: Problem.self) { try result.get() }
        #expect(!gate.isOpen(lease, round: 0))
    }

    @Test func onlySoManyWait() async {
        let gate = PartitionGate(limit: 0)
        gate.hold(lease)
        let problem = await #expect(throws: Problem.self) { try await gate.pass(lease, round: 1) }
        #expect(problem?.code == .overloaded)
    }
}

@Suite struct FenceTests {
    private let lease = Lease(partition: 1, epoch: 7, host: 0)
    private let start = Instant(nanoseconds: 1_000)

    @Test func aRefusalThatNoMapExplainsStandsAfterAWhile() {
        let fence = Fence()
        fence.update([lease])
        fence.hit(lease, at: start)
        fence.hit(lease, at: start + .seconds(5))
        #expect(!fence.stands(for: .seconds(6), at: start + .seconds(5)))
        #expect(fence.stands(for: .seconds(6), at: start + .seconds(6)))
    }

    @Test func aMapWithoutTheLeaseExplainsIt() {
        let fence = Fence()
        fence.update([lease])
        fence.hit(lease, at: start)
        fence.update([])
        fence.hit(lease, at: start)
        #expect(!fence.stands(for: .seconds(6), at: start + .seconds(60)))
    }
}
