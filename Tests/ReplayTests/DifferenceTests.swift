import Model
import Replay
import Testing

/// What a replay says where it comes to something else than the recording.
@Suite struct DifferenceTests {
    private func village(rounds: Int = 2) async throws -> RecordedVillage {
        let village = try RecordedVillage()
        try await village.play(rounds: rounds)
        return village
    }

    @Test func codeThatRendersAnotherPromptIsFoundWithBothPrompts() async throws {
        let report = try await village().replay(Village<OtherPrompt>.self)
        let difference = try #require(report.difference)
        #expect(report.rounds == 0)
        #expect(difference.round == 1)
        #expect(difference.turn == "act turn")
        #expect(difference.number == 0)
        #expect(difference.what == "the call asks something else")
        #expect(difference.recorded.contains("think of the weather in round 1"))
        #expect(difference.executed.contains("think of the harvest in round 1"))
    }

    @Test func theFirstDifferenceIsTheSameHoweverManyWorkersLook() async throws {
        let village = try await village()
        let one = try await village.replay(Village<OtherPrompt>.self, workers: 1).difference
        let many = try await village.replay(Village<OtherPrompt>.self, workers: 8).difference
        #expect(one == many)
        #expect(one?.agent.isEmpty == false)
    }

    @Test func aCallThatIsNotRecordedIsFoundThoughTheScenarioCatchesItsEnd() async throws {
        let report = try await village().replay(Village<OneMoreCall>.self)
        let difference = try #require(report.difference)
        #expect(difference.round == 1)
        #expect(difference.executed.contains("And one word more."))
        #expect(difference.what == "the recording holds no such call")
    }

    @Test func codeThatMakesTheSameCallsAndOtherChangesIsFoundWithBothChanges() async throws {
        let report = try await village().replay(Village<OtherEvent>.self)
        let difference = try #require(report.difference)
        #expect(difference.what == "the turn came to something else")
        #expect(difference.recorded.contains("event talked"))
        #expect(difference.executed.contains("event chatted"))
    }

    @Test func aRootTurnThatIsNoLongerPlannedIsFound() async throws {
        let report = try await village().replay(Village<NobodyActs>.self)
        let difference = try #require(report.difference)
        #expect(difference.what == "the round no longer needs this root turn")
        #expect(difference.recorded.hasPrefix("a root turn of "))
        #expect(difference.executed == "")
    }

    @Test func anotherOrderOfTheMergeIsFound() async throws {
        let village = try await village()
        try village.tamper(
            """
            UPDATE trees SET merge_order = zeroblob(16) WHERE round = 2 AND kind_code = 1
                AND merge_order = (SELECT max(merge_order) FROM trees WHERE round = 2 AND kind_code = 1)
            """)
        let report = try await village.replay()
        #expect(report.rounds == 1)
        #expect(report.difference?.what == "the trees are recorded in another order than they merge in")
    }

    @Test func aRootTurnThatIsNotRecordedIsFound() async throws {
        let village = try await village()
        try village.tamper("DELETE FROM trees WHERE round = 2 AND kind_code = 1 AND id % 2 = 0")
        let report = try await village.replay()
        #expect(report.rounds == 1)
        #expect(report.difference?.round == 2)
        #expect(report.difference?.what == "the recording holds no such root turn")
    }

    @Test func anAnswerThatWasChangedIsFoundWithWhatFollowsFromIt() async throws {
        let village = try await village()
        // A line that somebody said in an act turn of round 2: it stands in the prompt of who was asked.
        let call = try village.count(
            """
            SELECT min(calls.id) FROM calls JOIN turns ON turns.id = calls.turn JOIN turns AS asked ON
                asked.parent = turns.id
            WHERE calls.round = 2 AND turns.kind = 'act' AND calls.kind = 'text' AND calls.answer IS NOT NULL
            """)
        try village.tamper("UPDATE calls SET answer = 'Something else entirely.' WHERE id = ?", [call])
        let report = try await village.replay()
        #expect(report.rounds == 1)
        let difference = try #require(report.difference)
        #expect(difference.round == 2)
        #expect(difference.turn == "act turn")
        #expect(difference.number.map { Int($0) } == (try village.count("SELECT n FROM calls WHERE id = \(call)")))
        #expect(difference.what == "the recorded answer is not the one that the turn used")
        #expect(difference.executed == "Something else entirely.")
        let consequence = try #require(difference.consequences.first)
        #expect(consequence.turn.hasPrefix("passive turn in the act turn of "))
        #expect(consequence.recorded.contains("I say number"))
        #expect(consequence.executed.contains("Something else entirely."))
    }

    @Test func anAnswerOfTheEnvironmentThatWasChangedIsFound() async throws {
        let village = try await village()
        let call = try village.count(
            """
            SELECT max(calls.id) FROM calls JOIN turns ON turns.id = calls.turn
            WHERE turns.kind = 'environment' AND calls.answer IS NOT NULL
            """)
        try village.tamper("UPDATE calls SET answer = 'No news.' WHERE id = ?", [call])
        let difference = try #require(try await village.replay().difference)
        #expect(difference.agent == "environment")
        #expect(difference.turn == "environment turn")
        #expect(difference.executed == "No news.")
    }

    @Test func aCallThatIsMissingIsFound() async throws {
        let village = try await village()
        try village.tamper("DELETE FROM calls WHERE round = 2 AND kind = 'importance'")
        let difference = try #require(try await village.replay().difference)
        #expect(difference.round == 2)
        #expect(difference.turn == "consolidate turn")
        #expect(difference.executed.contains("How important is this?"))
    }

    @Test func aVectorThatWasChangedIsFoundWhereARetrievalChanges() async throws {
        let village = try await village(rounds: 3)
        try village.tamper("UPDATE vectors SET vector = zeroblob(16)")
        let report = try await village.replay()
        #expect(report.difference != nil)
        #expect(report.rounds < 3)
    }

    @Test func aDigestThatDoesNotFollowIsFound() async throws {
        let village = try await village()
        try village.tamper("UPDATE rounds SET digest = zeroblob(32) WHERE round = 2")
        let difference = try #require(try await village.replay().difference)
        #expect(difference.place == "round 2")
        #expect(difference.what == "the digest of the round is another")
        #expect(difference.recorded.allSatisfy { $0 == "0" })
    }

    @Test func longTextsAreCutToWhereTheyDiffer() async throws {
        let village = try await village()
        // An insight of more than a screen, which stands in prompts of the same turn.
        let long = String(repeating: "word ", count: 100)
        try village.tamper(
            "UPDATE calls SET answer = ? WHERE id = (SELECT min(id) FROM calls WHERE kind = 'text')", [long])
        let difference = try #require(try await village.replay().difference)
        #expect(difference.executed.count < 300)
        #expect(difference.executed.hasSuffix("…"))
    }
}
