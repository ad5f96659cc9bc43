import ClusterLogic
import Model
import SimulationKit
import Testing
import Wire

@testable import AgentHostRole

@Suite struct RecordedTableTests {
    private let lease = Lease(partition: 3, epoch: 1, host: 0)
    private let root = TurnID.root(round: 1, kind: .act, agent: "p")

    private var outcome: OutcomeRecord {
        OutcomeRecord(
            call: CallID(turn: root, number: 0), root: root, partition: 3, round: 1, agent: AgentID(number: 0),
            request: root.digest, content: .embedding(model: "m", texts: [], vectors: []))
    }

    @Test func whatIsKeptForARootIsGivenOnce() {
        let table = RecordedTable()
        table.add([outcome], lease)
        #expect(table.take(root)?.keys.map { $0 } == [outcome.call])
        #expect(table.take(root)?.isEmpty == true)
    }

    @Test func aRootThatWasInterruptedIsReadAnew() {
        let table = RecordedTable()
        table.add([outcome], lease)
        _ = table.take(root)
        table.interrupted(root, lease)
        #expect(table.take(root) == nil)
        // It is read once; what comes of that is the runner's.
        #expect(table.take(root)?.isEmpty == true)
    }

    @Test func aLostLeaseTakesItsInterruptionsAlong() {
        let table = RecordedTable()
        table.interrupted(root, lease)
        table.drop(Lease(partition: 3, epoch: 2, host: 0))
        table.drop(lease)
        #expect(table.take(root)?.isEmpty == true)
    }
}
