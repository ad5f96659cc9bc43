import Foundation
import GRDB
import Testing

/// `coordinator replay` on a run that real processes played.
@Suite(.serialized) struct ReplayTests {
    /// What `--json` prints, as far as the tests look at it.
    private struct Report: Decodable {
        struct Difference: Decodable {
            var round: UInt32
            var agent: String
            var turn: String
            var number: UInt32?
            var what: String
            var recorded: String
            var executed: String
            var consequences: [Difference]
        }

        var equal: Bool
        var rounds: UInt32
        var llm_calls: Int
        var original_seconds: Double
        var replay_seconds: Double
        var cpu_us_per_llm_call: Double
        var digests: [String]
        var difference: Difference?
    }

    private static func report(_ ending: Coordinator.Ending) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(ending.output.utf8))
    }

    @Test func aRunIsReplayedToItsDigestsAndAChangedAnswerIsFound() async throws {
        let coordinator = try Coordinator()
        let played = try await coordinator.play("run", ["--quiet", "--hosts", "2"], rounds: 3)
        #expect(played.status == .exited(0), "\(played.errors)")
        let before = try Self.contents(of: coordinator.path("run"))

        let whole = try await coordinator.call(["replay", coordinator.path("run"), "--json"])
        #expect(whole.status == .exited(0), "\(whole.errors)")
        let report = try Self.report(whole)
        let digests = try await coordinator.digests("run")
        #expect(report.equal)
        #expect(report.digests.enumerated().map { "round \($0 + 1) \($1)\n" }.joined() == digests)
        #expect(report.llm_calls > 0)
        #expect(report.original_seconds > 0 && report.replay_seconds > 0 && report.cpu_us_per_llm_call > 0)
        #expect(report.difference == nil)

        let part = try await coordinator.call(["replay", coordinator.path("run"), "--until", "2"])
        #expect(part.status == .exited(0), "\(part.errors)")
        #expect(part.output.contains("2 rounds executed again, all digests are equal"))
        let tooMany = try await coordinator.call(["replay", coordinator.path("run"), "--until", "4"])
        #expect(tooMany.status == .exited(64))
        #expect(try Self.contents(of: coordinator.path("run")) == before, "a replay only reads")

        // A choice of the last round, in a copy.
        try FileManager.default.copyItem(atPath: coordinator.path("run"), toPath: coordinator.path("copy"))
        let changed = try Self.changeAnswer(in: coordinator.path("copy"))
        let other = try await coordinator.call(["replay", coordinator.path("copy"), "--json"])
        #expect(other.status == .exited(1), "\(other.errors)")
        let differing = try Self.report(other)
        #expect(!differing.equal)
        #expect(differing.rounds == 2)
        let difference = try #require(differing.difference)
        #expect(difference.round == 3)
        #expect(difference.agent == changed.agent)
        #expect(difference.number == changed.number)
        #expect(difference.recorded.hasPrefix("an answer with the hash "))
        #expect(difference.executed == "Now I say something else.")
        // What it led to, with both texts.
        let consequence = try #require(difference.consequences.first)
        #expect(consequence.executed.contains("Now I say something else."))
        #expect(consequence.recorded.contains(changed.answer.prefix(20)))
        let text = try await coordinator.call(["replay", coordinator.path("copy")])
        #expect(text.status == .exited(1))
        #expect(text.output.contains("first difference: round 3, \(changed.agent), "))
    }

    @Test func aFolderWithoutARunIsRefused() async throws {
        let coordinator = try Coordinator()
        let ending = try await coordinator.call(["replay", coordinator.path("nothing")])
        #expect(ending.status == .exited(66))
        #expect(ending.output == "")
    }

    private static func contents(of run: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(run)/recording.sqlite"))
    }

    /// Changes the first line that somebody wrote in round 3 and that others then read.
    private static func changeAnswer(in run: String) throws -> (agent: String, number: UInt32, answer: String) {
        let database = try DatabaseQueue(path: "\(run)/recording.sqlite")
        return try database.write { database in
            let row = try #require(
                try Row.fetchOne(
                    database,
                    sql: """
                        SELECT calls.id, calls.n, calls.answer, agents.id AS agent FROM calls
                        JOIN agents USING (agent) JOIN turns ON turns.id = calls.turn
                        WHERE calls.round = 3 AND calls.kind = 'text' AND calls.answer IS NOT NULL
                        ORDER BY calls.id LIMIT 1
                        """))
            try database.execute(
                sql: "UPDATE calls SET answer = 'Now I say something else.' WHERE id = ?", arguments: [row["id"]])
            let number: Int64 = row["n"]
            return (row["agent"], UInt32(number), row["answer"])
        }
    }
}
