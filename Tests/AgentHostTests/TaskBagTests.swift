import ClusterLogic
import Model
import ServiceRuntime
import Support
import Testing
import Wire

@testable import AgentHostRole

/// Tasks of a host that end with the leases under which they run.
@Suite struct TaskBagTests {
    /// A task that runs until it is cancelled.
    private static func untilCancelled(_ ended: AsyncStream<String>.Continuation, _ name: String) async {
        let (never, keep) = AsyncStream.makeStream(of: Void.self)
        for await _ in never {}
        withExtendedLifetime(keep) { _ = ended.yield(name) }
    }

    @Test func asksOfARootWhosePartitionWasGrantedAnewAreCancelledAndNoOthers() async {
        let bag = TaskBag(TaskLauncher())
        let (ended, post) = AsyncStream.makeStream(of: String.self)
        for (partition, epoch) in [(UInt32(1), UInt64(4)), (1, 5), (2, 4), (3, 1)] {
            bag.launch(asking: TaskBag.Asking(partition: partition, epoch: epoch)) {
                await Self.untilCancelled(post, "\(partition)@\(epoch)")
            }
        }
        bag.launch(for: Lease(partition: 1, epoch: 4, host: 0)) { await Self.untilCancelled(post, "own") }
        var map = PartitionMap()
        map.update(
            LeaseGrant(
                grant: 1, closedRound: 0,
                leases: [Lease(partition: 1, epoch: 5, host: 2), Lease(partition: 2, epoch: 4, host: 1)], hosts: []))
        let now = map
        bag.cancel { now.isOver($0.epoch, of: $0.partition) }
        var iterator = ended.makeAsyncIterator()
        #expect(await iterator.next() == "1@4")
        await bag.close()
        var others: Set<String> = []
        for _ in 0..<4 { if let name = await iterator.next() { others.insert(name) } }
        #expect(others == ["1@5", "2@4", "3@1", "own"])
    }

    @Test func aPartitionThatIsNobodysIsNotOver() {
        var map = PartitionMap()
        #expect(!map.isOver(3, of: 1))
        map.update(LeaseGrant(grant: 1, closedRound: 0, leases: [Lease(partition: 1, epoch: 3, host: 2)], hosts: []))
        #expect(!map.isOver(3, of: 1) && !map.isOver(4, of: 1) && map.isOver(2, of: 1))
    }
}
