import Hashing
import Model
import Recording
import Testing

/// Traps as the recorder keeps them.
@Suite struct TrapTests {
    private func root(_ agent: String) -> TurnID { .root(round: 1, kind: .act, agent: agent) }

    private func trap(_ life: UInt64, _ roots: [TurnID], host: String = "host-1", round: UInt32 = 1) -> RecordRequest {
        .trap(RecordedTrap(host: host, life: life, signal: 4, round: round, roots: roots))
    }

    @Test func trapsAreCountedInAllAndAlone() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        let (a, b) = (root("a"), root("b"))
        try fixture.send([trap(1, [a, b]), trap(2, [a]), trap(3, [a])])
        let counts = try fixture.store.traps(round: 1)
        #expect(counts.map(\.root) == [a, b].sorted())
        #expect(counts.first { $0.root == a }.map { [$0.times, $0.alone] } == [3, 2])
        #expect(counts.first { $0.root == b }.map { [$0.times, $0.alone] } == [1, 0])
        #expect(try fixture.store.traps(round: 2).isEmpty)
    }

    @Test func theSameTrapAgainChangesNothingAndAnotherHostsIsAnother() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        for _ in 0..<2 { try fixture.send([trap(1, [root("a")])]) }
        try fixture.send([trap(1, [root("a")], host: "host-2")])
        #expect(try fixture.store.traps(round: 1).map(\.times) == [2])
    }

    @Test(arguments: [TurnFailure.mostTraps - 1, TurnFailure.mostTraps])
    func aTurnThatFailedForItsTrapsHasThemOnRecord(traps: UInt32) throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        let root = fixture.root(0)
        for life in 0..<traps { try fixture.send([trap(UInt64(life), [root])]) }
        let tree = Tree(
            round: 1, kind: .act,
            turns: [
                TurnRecord(path: [], agent: AgentID(number: 0), failure: .trapped, outcomes: [], operations: [])
            ])
        try fixture.send([
            .commit(
                TreeCommit(
                    partition: fixture.agents[0].partition, epoch: 1, root: root, round: 1, tree: tree.packed(),
                    outcomes: []))
        ])
        for agent in fixture.agents.indices.dropFirst() { try fixture.send([.commit(fixture.commit(agent))]) }
        try fixture.send([.mergeRound(fixture.step(1)), .closeRound(fixture.step(1))])
        try fixture.store.close()
        let reader = try RecordingReader(path: fixture.path)
        defer { try? reader.close() }
        #expect((try reader.verify().violation == nil) == (traps == TurnFailure.mostTraps))
    }

    @Test func aTrapOfARoundThatIsOverIsNobodysConcern() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.send([trap(1, [root("a")])])
        try fixture.open(1)
        try fixture.send([trap(2, [root("a")], round: 7)])
        #expect(try fixture.store.traps(round: 1).isEmpty)
        #expect(try fixture.store.traps(round: 7).isEmpty)
    }
}
