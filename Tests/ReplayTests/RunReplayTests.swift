import Foundation
import Hashing
import Model
import Recording
import Replay
import Support
import Testing

/// Replays of recorded villages, with the same code and with other code.
@Suite struct RunReplayTests {
    private func village(rounds: Int = 3) async throws -> RecordedVillage {
        let village = try RecordedVillage()
        try await village.play(rounds: rounds)
        return village
    }

    @Test func aReplayComesToTheRecordedDigests() async throws {
        let village = try await village()
        let report = try await village.replay()
        #expect(report.difference == nil)
        #expect(report.rounds == 3)
        #expect(report.digests == (try RecordingReader(path: village.path).digestChain().map(\.digest)))
        #expect(report.calls == UInt64(try village.count("SELECT count(*) FROM calls")))
        #expect(report.embeddings == UInt64(try village.count("SELECT count(*) FROM embedding_calls")))
        #expect(report.roots == UInt64(try village.count("SELECT count(*) FROM trees")))
        // The village is worth replaying: all kinds of turns, claims of both ends, failures.
        #expect(try village.count("SELECT count(DISTINCT kind) FROM turns") == 4)
        #expect(try village.count("SELECT count(DISTINCT granted) FROM claims") == 2)
        #expect(try village.count("SELECT count(*) FROM calls WHERE kind = 'insights'") > 0)
        #expect(try village.count("SELECT count(*) FROM failures") > 0)
    }

    @Test func aRunWhoseChoicesWereDrawnFromDistributionsReplaysToItsDigests() async throws {
        let village = try RecordedVillage(
            configuration: VillageFiles.configuration + "\nllm: { distributions: [say] }\n")
        try await village.play(rounds: 2)
        let report = try await village.replay()
        #expect(report.difference == nil)
        #expect(report.digests == (try RecordingReader(path: village.path).digestChain().map(\.digest)))
        let drawn = "SELECT count(*) FROM calls JOIN settings ON settings.id = calls.settings WHERE"
        #expect(try village.count("\(drawn) kind IN ('choice', 'scale') AND reading = 'distribution'") > 0)
        #expect(try village.count("\(drawn) kind IN ('choice', 'scale') AND distribution IS NULL") == 0)
        #expect(try village.count("\(drawn) kind NOT IN ('choice', 'scale') AND reading != 'sample'") == 0)
        #expect(try RecordingReader(path: village.path).verify().violation == nil)
    }

    @Test func interventionsOfTheConfigurationAndOfTheRecordingAreCarriedOutAgain() async throws {
        let village = try RecordedVillage(
            configuration: VillageFiles.configuration + """

                interventions:
                  - { round: 2, announce: The harvest is poor. }
                  - { round: 3, agents: villager, add: { seats: 1 }, remember: Somebody brought chairs. }
                """)
        try await village.play(rounds: 1)
        try await village.play(rounds: 1) {
            try village.intervene(1, [.map(["broadcast": .text("The mayor is ill.")])])
        }
        try await village.play(rounds: 1)
        #expect(
            try village.count(
                "SELECT count(*) FROM calls JOIN call_prompts ON call = calls.id "
                    + "WHERE call_prompts.prompt LIKE '%harvest is poor%'"
            )
                > 0)
        #expect(
            try village.count("SELECT count(DISTINCT agent) FROM memory_texts WHERE text = 'The mayor is ill.'")
                == village.count("SELECT count(*) FROM agents"))
        #expect(try village.count("SELECT count(*) FROM interventions WHERE round = 3") == 1)
        let report = try await village.replay()
        #expect(report.difference == nil)
        #expect(report.digests == (try RecordingReader(path: village.path).digestChain().map(\.digest)))
        #expect(try RecordingReader(path: village.path).verify().violation == nil)
        // What was done to the run is part of what it comes to.
        try village.tamper("DELETE FROM interventions")
        #expect(try await village.replay().difference != nil)
        #expect(try RecordingReader(path: village.path).verify().violation != nil)
    }

    @Test func theNumberOfWorkersDoesNotMatter() async throws {
        let village = try await village()
        let one = try await village.replay(workers: 1)
        let many = try await village.replay(workers: 8)
        #expect(one.digests == many.digests)
        #expect(one.digests.count == 3)
    }

    @Test func speedIsToldAgainstTheTimesOfTheRecordedRounds() async throws {
        let village = try await village(rounds: 2)
        let original = try village.count("SELECT sum(closed_at - opened_at) FROM rounds")
        let report = try await village.replay()
        #expect(report.originalSeconds == Double(original) / 1000)
        #expect(report.originalSeconds > 0)
        #expect(report.factor == report.originalSeconds / report.seconds)
    }

    @Test func aPauseIsNotCountedIntoTheTimeOfARound() async throws {
        let village = try RecordedVillage()
        try await village.play(rounds: 2) {
            for ending in ["paused", "playing"] {
                try village.send([.finishRun(runEpoch: 1, ending: ending, reason: "")])
            }
        }
        let open = try village.count("SELECT sum(closed_at - opened_at) FROM rounds")
        let paused = try village.count(
            "SELECT sum(CASE kind WHEN 'playing' THEN at ELSE -at END) FROM steps WHERE kind IN ('paused', 'playing')")
        #expect(paused >= 2000)
        #expect(try await village.replay().originalSeconds == Double(open - paused) / 1000)
    }

    @Test func timeWithoutACoordinatorIsNotCounted() async throws {
        let village = try await village(rounds: 2)
        let open = try village.count("SELECT sum(closed_at - opened_at) FROM rounds")
        // As if the coordinator had gone without a word before the last close, and another had come after an hour.
        let close = try village.count("SELECT closed_at FROM rounds WHERE round = 2")
        try village.tamper("UPDATE batches SET at = at + 3600000 WHERE at >= \(close)")
        try village.tamper(
            """
            INSERT INTO steps (at, kind, epoch, round)
            SELECT max(at) + 3600000, 'raised', 2, 2 FROM batches WHERE at < \(close)
            """)
        try village.tamper("UPDATE rounds SET closed_at = closed_at + 3600000 WHERE round = 2")
        #expect(try await village.replay().originalSeconds == Double(open) / 1000)
    }

    @Test func itEndsWithTheRoundAskedFor() async throws {
        let village = try await village()
        let report = try await village.replay(until: 2)
        #expect(report.rounds == 2)
        #expect(report.digests == (try RecordingReader(path: village.path).digestChain().prefix(2).map(\.digest)))
        let error = await #expect(throws: UserError.self) { try await village.replay(until: 4) }
        #expect(error?.exitCode == .usage)
    }

    @Test func aRunThatGoesOnIsReplayedUpToItsLastClosedRound() async throws {
        let village = try await village(rounds: 1)
        try await village.openRound()
        #expect(try village.count("SELECT count(*) FROM trees WHERE round = 2") > 0)
        let report = try await village.replay()
        #expect(report.rounds == 1)
        #expect(report.difference == nil)
        // And again once it has gone on.
        let error = await #expect(throws: UserError.self) { try await village.replay(until: 2) }
        #expect(error?.exitCode == .usage)
    }

    @Test func aRunWithoutAClosedRoundIsRefused() async throws {
        let village = try RecordedVillage()
        let error = await #expect(throws: UserError.self) { try await village.replay() }
        #expect(error?.exitCode == .noInput)
    }

    @Test func aRunOfAnotherVersionIsRefused() async throws {
        let village = try await village(rounds: 1)
        let error = await #expect(throws: UserError.self) { try await village.replay(program: "2") }
        #expect(error?.exitCode == .configuration)
        #expect(error?.description.contains("version 1, and this is 2") == true)
    }

    @Test func aDamagedFileOfTheRunIsRefused() async throws {
        let village = try await village(rounds: 1)
        try village.tamper("UPDATE files SET bytes = CAST('{{text}}!' AS BLOB) WHERE name = 'prompts/say.mustache'")
        let error = await #expect(throws: UserError.self) { try await village.replay() }
        #expect(error?.exitCode == .dataError)
    }

    @Test func outcomesThatAreVoidDoNotDisturb() async throws {
        let village = try await village(rounds: 2)
        // A late one of round 1, which is closed: void from the start.
        let root = TurnID.root(round: 1, kind: .act, agent: "ann")
        let vectors = [[UInt8](repeating: 1, count: 16)]
        try village.send([
            .outcomes([
                OutcomeRecord(
                    call: CallID(turn: root.passive(number: 77), number: 0), root: root,
                    partition: partition(ofAgent: "ann", partitions: 3), round: 1, agent: AgentID(number: 0),
                    request: OutcomeRecord.requestHash(embedding: ["late"], model: "e"),
                    content: .embedding(model: "e", texts: ["late"], vectors: vectors))
            ])
        ])
        try await village.play(rounds: 1)
        let report = try await village.replay()
        #expect(report.difference == nil)
        #expect(report.rounds == 3)
        #expect(report.embeddings + 1 == UInt64(try village.count("SELECT count(*) FROM embedding_calls")))
    }
}
