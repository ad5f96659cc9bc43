import GRDB
import Hashing
import Model
import Recording
import Testing

@Suite struct OutcomeTests {
    private func counter(_ name: String, _ store: SQLiteRecordStore) throws -> UInt64? {
        try store.summary().counters.first { $0.name == name }?.count
    }

    @Test func recordedOutcomesAreGivenBackAsTheyArrived() throws {
        let fixture = try Fixture(inMemory: true)
        try fixture.begin()
        try fixture.open(1)
        let rejected = RejectedAttempt(attempt: 0, reason: "not an option", answer: "perhaps")
        let records = [
            fixture.call(0, number: 0, rejected: [rejected]),
            fixture.call(0, number: 1, prompt: ["", "Grüße \"🙂\"", ""], answer: nil),
            fixture.call(0, number: 2, path: [4], by: 1, answer: ""),
            fixture.embedding(0, texts: ["a", "b", "a"]),
        ]
        try fixture.send([.outcomes(records)])
        let state = try fixture.store.partition(fixture.agents[0].partition, epoch: 1, round: 1)
        #expect(state.committed.isEmpty)
        #expect(try fixture.recorded(fixture.agents[0].partition).outcomes == records)
    }

    @Test func aCountOfTokensIsACallOfItsOwnKind() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        var record = fixture.call(0)
        let spec = CompletionSpec(
            counting: [PromptMessage(role: .user, segments: ["How many?"])], model: "m")
        record.request = spec.requestHash
        record.content = .completion(
            spec,
            CompletionOutcome(
                answer: "58", rejection: "", rejected: [], promptTokens: 0, completionTokens: 0, model: "m"))
        try fixture.send([.outcomes([record])])
        #expect(try fixture.recorded(fixture.agents[0].partition).outcomes == [record])
        #expect(try fixture.send([.commit(fixture.commit(0, using: [record]))]) == [.committed])
        #expect(try fixture.store.summary().calls.map { "\($0.name) \($0.count)" } == ["count 1"])
        #expect(try RecordingReader(path: fixture.path).verify().violation == nil)
    }

    @Test func theSameOutcomeAgainIsADuplicateAndAnotherResultIsVoid() throws {
        let fixture = try Fixture(inMemory: true)
        try fixture.begin()
        try fixture.open(1)
        let first = fixture.call(0, answer: "yes")
        try fixture.send([.outcomes([first, first, fixture.call(0, answer: "no")])])
        #expect(try counter("duplicate_outcomes", fixture.store) == 1)
        #expect(try counter("void_calls", fixture.store) == 1)
        #expect(try fixture.recorded(fixture.agents[0].partition).outcomes == [first])
    }

    @Test func ofTwoRequestsUnderOneIdentityTheCommitNamesTheOneThatCounts() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        let lost = fixture.call(0, prompt: ["the first"], answer: "no")
        let used = fixture.call(0, prompt: ["the second"], answer: "yes")
        try fixture.send([.outcomes([lost, used])])
        let both = try fixture.recorded(fixture.agents[0].partition).outcomes
        #expect(both == [lost, used])
        #expect(try fixture.send([.commit(fixture.commit(0, using: [used]))]) == [.committed])
        #expect(try counter("void_calls", fixture.store) == 1)
        let reader = try RecordingReader(path: fixture.path)
        #expect(try reader.recentAnswers(turnsOfAgentType: "seeker", limit: 5).map(\.text) == ["yes"])
        #expect(try reader.verify().violation == nil)
    }

    /// A rerun may take another path, and embed under the number of what was a question before.
    @Test(arguments: [0, 1], [0, 1])
    func aCallAndAnEmbeddingOfOneIdentityAreBothKnownAfterARestart(first: Int, used: Int) throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        let both = [fixture.call(0, number: 5), fixture.embedding(0, number: 5, texts: ["a"])]
        for record in [both[first], both[1 - first]] { try fixture.send([.outcomes([record])]) }
        try fixture.reopen()
        try fixture.send([.outcomes(both)])
        #expect(try counter("duplicate_outcomes", fixture.store) == 2)
        #expect(
            try Set(fixture.recorded(fixture.agents[0].partition).outcomes.map(\.request)) == Set(both.map(\.request)))
        #expect(try fixture.send([.commit(fixture.commit(0, using: [both[used]]))]) == [.committed])
        let counts = try DatabaseQueue(path: fixture.path).read { database in
            try ["calls", "void_calls", "embedding_calls WHERE void = 0", "embedding_calls WHERE void = 1"].map {
                try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)")
            }
        }
        #expect(counts == (used == 0 ? [1, 0, 0, 1] : [0, 1, 1, 0]))
        #expect(try RecordingReader(path: fixture.path).verify().violation == nil)
    }

    @Test func whatACommitDoesNotUseBecomesVoid() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        let used = fixture.call(0, number: 0)
        let unused = [fixture.call(0, number: 1), fixture.call(0, number: 2, path: [9], by: 1)]
        try fixture.send([.outcomes([used] + unused), .commit(fixture.commit(0, using: [used]))])
        #expect(try counter("void_calls", fixture.store) == 2)
        #expect(try RecordingReader(path: fixture.path).verify().violation == nil)
    }

    @Test func outcomesThatComeAfterTheCommitAreDuplicatesOrVoid() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        let used = fixture.call(0)
        let embedded = fixture.embedding(0, texts: ["a"])
        try fixture.send([
            .outcomes([used, embedded]), .commit(fixture.commit(0, using: [used, embedded])),
            .outcomes([used, embedded, fixture.call(0, answer: "no"), fixture.call(0, number: 7)]),
            .outcomes([fixture.call(0, number: 7)]),
        ])
        #expect(try counter("duplicate_outcomes", fixture.store) == 3)
        #expect(try counter("void_calls", fixture.store) == 2)
        #expect(try RecordingReader(path: fixture.path).verify().violation == nil)
    }

    @Test func outcomesOfARoundThatIsNotOpenOrOfNobodyAreRefused() throws {
        let fixture = try Fixture(inMemory: true)
        try fixture.begin()
        #expect(try fixture.refusal(.outcomes([fixture.call(0)]))?.kind == .conflict)
        try fixture.open(1)
        #expect(try fixture.refusal(.outcomes([fixture.call(0, round: 2)]))?.kind == .conflict)
        var stranger = fixture.call(0)
        stranger.agent = AgentID(number: 77)
        #expect(try fixture.refusal(.outcomes([stranger]))?.kind == .invalid)
    }

    @Test func anAnswerOfTheSameTextWithOtherBitsIsKeptForTheTurnThatUsedIt() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        let first = fixture.embedding(0, texts: ["a"], vectors: [[1, 2]])
        let second = fixture.embedding(1, texts: ["a"], vectors: [[1, 3]])
        try fixture.send([.outcomes([first, second])])
        #expect(
            try fixture.send([
                .commit(fixture.commit(0, using: [first])), .commit(fixture.commit(1, using: [second])),
            ]) == [.committed, .committed])
    }
}
