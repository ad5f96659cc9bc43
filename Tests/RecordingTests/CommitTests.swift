import Hashing
import Model
import Recording
import Testing

@Suite struct CommitTests {
    private func begun(inMemory: Bool = true) throws -> Fixture {
        let fixture = try Fixture(inMemory: inMemory)
        try fixture.begin()
        try fixture.open(1)
        return fixture
    }

    @Test func aCommitNeedsEveryOutcomeThatItNames() throws {
        let fixture = try begun()
        let outcome = fixture.call(0)
        let commit = fixture.commit(0, using: [outcome])
        #expect(try fixture.send([.commit(commit)]) == [.missing([Fixture.name(outcome)])])
        try fixture.send([.outcomes([outcome])])
        #expect(try fixture.send([.commit(commit)]) == [.committed])
    }

    @Test func otherRecordedResultsMeanARerunWithThem() throws {
        let fixture = try begun()
        let recorded = [fixture.call(0, answer: "yes"), fixture.call(0, number: 1)]
        try fixture.send([.outcomes(recorded)])
        let commit = fixture.commit(0, using: [fixture.call(0, answer: "no")])
        #expect(try fixture.send([.commit(commit)]) == [.rerun])
        #expect(try fixture.recorded(commit.partition, root: commit.root).outcomes == recorded)
        #expect(try fixture.send([.commit(fixture.commit(0, using: recorded))]) == [.committed])
    }

    @Test func theSameTreeAgainIsADuplicateAndAnotherOneAConflict() throws {
        let fixture = try begun()
        let commit = fixture.commit(0)
        #expect(try fixture.send([.commit(commit), .commit(commit)]) == [.committed, .duplicate])
        let other = fixture.commit(0, operations: [(fixture.agents[0].agent, .add(field: "x", amount: 1))])
        #expect(try fixture.refusal(.commit(other))?.kind == .conflict)
    }

    @Test func aHolderOfAnOlderEpochIsFenced() throws {
        let fixture = try begun()
        let partition = fixture.agents[0].partition
        try fixture.send([
            .grantPartitions(runEpoch: 1, leases: [Lease(partition: partition, epoch: 2, host: 2)])
        ])
        #expect(try fixture.refusal(.commit(fixture.commit(0)))?.kind == .fenced)
        #expect(throws: RecordRefusal.self) { try fixture.store.partition(partition, epoch: 1, round: 1) }
        #expect(try fixture.send([.commit(fixture.commit(0, epoch: 2))]) == [.committed])
    }

    @Test func treesThatMakeNoSenseAreRefused() throws {
        let fixture = try begun()
        let agent = fixture.agents[0].agent
        var scrambled = fixture.commit(0)
        scrambled.tree = [0x93, 0x01]
        var wrongRoot = fixture.commit(0)
        wrongRoot.root = fixture.root(1)
        var wrongPartition = fixture.commit(0)
        wrongPartition.partition = (wrongPartition.partition + 1) % Fixture.partitions
        var unnamed = fixture.commit(0, using: [fixture.call(0)])
        unnamed.outcomes = []
        let failed = TurnFailure(reason: .scenarioError, text: "broken")
        let change: [(AgentID, Model.Operation)] = [(agent, .add(field: "x", amount: 1))]
        let hanging = TurnRecord(path: [1, 2], agent: agent, failure: nil, outcomes: [], operations: [])
        let bad = [
            scrambled, wrongRoot, wrongPartition, unnamed, fixture.commit(0, operations: change, failure: failed),
            fixture.commit(0, operations: [(AgentID(number: 99), .add(field: "x", amount: 1))]),
            fixture.commit(0, below: [hanging]),
        ]
        for commit in bad { #expect(try fixture.refusal(.commit(commit))?.kind == .invalid) }
        #expect(try fixture.refusal(.commit(fixture.commit(0, round: 2)))?.kind == .conflict)
    }

    @Test func aRefusedRequestLeavesTheRestOfItsBatchAlone() throws {
        let fixture = try begun()
        var scrambled = fixture.commit(0)
        scrambled.tree = []
        let replies = try fixture.store.append([
            .commit(fixture.commit(1)), .commit(scrambled), .commit(fixture.commit(2)),
        ])
        #expect(try replies[0].get() == .committed)
        #expect(throws: RecordRefusal.self) { try replies[1].get() }
        #expect(try replies[2].get() == .committed)
    }

    @Test func aPartitionLoadsWhatIsCommittedAndWhatIsInFlightAlsoAfterARestart() throws {
        let fixture = try begun(inMemory: false)
        let mates = fixture.agents.indices.filter { fixture.agents[$0].partition == fixture.agents[0].partition }
        let embedded = fixture.embedding(0, texts: ["pending"], kind: .consolidate)
        let consolidation = fixture.commit(
            0, using: [embedded],
            operations: [
                (
                    fixture.agents[0].agent,
                    .consolidate(
                        Consolidation(
                            importances: [4], insights: [.init(text: "I see", importance: 6)], accumulator: 60))
                )
            ], kind: .consolidate)
        let waiting = fixture.call(0)
        let failed = fixture.commit(
            mates.last ?? 0, failure: TurnFailure(reason: .rejectedAnswers, text: "no valid answer"))
        try #require(mates.count > 1)
        try fixture.send([.outcomes([embedded, waiting]), .commit(consolidation), .commit(failed)])
        for _ in 0..<2 {
            let state = try fixture.store.partition(fixture.agents[0].partition, epoch: 1, round: 1)
            #expect(Set(state.committed) == [consolidation.root, failed.root])
            #expect(state.failed == 1)
            let recorded = try fixture.recorded(fixture.agents[0].partition)
            #expect(recorded.consolidations == [consolidation.tree])
            #expect(recorded.outcomes == [embedded, waiting])
            try fixture.reopen()
        }
        #expect(try fixture.send([.commit(fixture.commit(0, using: [waiting]))]) == [.committed])
    }
}
