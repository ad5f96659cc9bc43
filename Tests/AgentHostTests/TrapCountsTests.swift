import Model
import Testing
import Wire

@testable import AgentHostRole

@Suite struct TrapCountsTests {
    private let root = TurnID.root(round: 1, kind: .act, agent: "p")

    @Test func whatComesLateTakesNothingBack() {
        let counts = TrapCounts()
        counts.update([TrapCount(root: root, times: 3, alone: 1)])
        counts.update([TrapCount(root: root, times: 1, alone: 0)])
        counts.update([])
        #expect(counts.count(of: root) == TrapCount(root: root, times: 3, alone: 1))
        counts.update([TrapCount(root: root, times: 2, alone: 2)])
        #expect(counts.count(of: root) == TrapCount(root: root, times: 3, alone: 2))
    }

    @Test func aTurnIsSuspectAfterTwoTrapsAndUntilItsRoundIsOver() {
        let counts = TrapCounts()
        counts.update([TrapCount(root: root, times: 1, alone: 1)])
        #expect(!counts.isSuspect(root))
        counts.update([TrapCount(root: root, times: 2, alone: 1)])
        #expect(counts.isSuspect(root) && !counts.isGivenUp(root))
        // What still runs of one that is given up endangers others no less.
        counts.update([TrapCount(root: root, times: 4, alone: 3)])
        #expect(counts.isSuspect(root) && counts.isGivenUp(root))
        counts.reset()
        #expect(!counts.isSuspect(root) && !counts.isGivenUp(root))
    }
}
