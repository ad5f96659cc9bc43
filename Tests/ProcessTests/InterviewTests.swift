import Foundation
import Glibc
import Support
import Testing

/// Interviews of agents, of a run that is played and of one that has ended.
@Suite(.serialized) struct InterviewTests {
    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func anAgentIsAskedAfterTheEndAndAboutThePast() async throws {
        let coordinator = try Coordinator()
        let played = try await coordinator.play("run", ["--quiet"])
        #expect(played.status == .exited(0), "\(played.errors)")
        let recording = "\(coordinator.path("run"))/recording.sqlite"
        let before = try Recorded(coordinator.path("run")).count("SELECT count(*) FROM batches")
        let agent = try #require(try Recorded(coordinator.path("run")).text("SELECT id FROM agents WHERE agent = 0"))
        let question = "What do you want most?"
        let out = coordinator.path("answer.json")
        let asked = try await coordinator.call(
            ["interview", coordinator.path("run"), agent, question, "--show-prompt", "--out", out])
        #expect(asked.status == .exited(0), "\(asked.errors)")
        #expect(asked.output.contains(question))
        let kept = try json(try String(contentsOfFile: out, encoding: .utf8))
        #expect(kept["round"] as? Int == 2 && kept["question"] as? String == question)
        let answer = try #require(kept["answer"] as? String)
        #expect(!answer.isEmpty && asked.output.contains(answer))
        // The same question is asked under the same seed; of another round the agent knows something else.
        for (round, isSame) in [("2", true), ("0", false)] {
            let again = try await coordinator.call(
                ["interview", coordinator.path("run"), agent, question, "--round", round, "--json"])
            #expect(again.status == .exited(0), "\(again.errors)")
            let report = try json(again.output)
            #expect((report["answer"] as? String == answer) == isSame || !isSame)
            #expect(report["prompt"] == nil && report["round"] as? Int == Int(round))
        }
        for (arguments, status) in [([agent, question, "--round", "3"], 64), (["nobody", question], 64)] {
            let refused = try await coordinator.call(["interview", coordinator.path("run")] + arguments)
            #expect(refused.status == .exited(Int32(status)), "\(refused.errors)")
        }
        #expect(try Recorded(coordinator.path("run")).count("SELECT count(*) FROM batches") == before)
        #expect(FileManager.default.fileExists(atPath: recording))
        #expect(try await coordinator.call(["verify", coordinator.path("run")]).status == .exited(0))
    }

    @Test func anAgentOfARunThatIsPlayedIsAskedByItsGatewayAndTheRunGoesOnAsIfNothingHadBeen() async throws {
        let coordinator = try Coordinator()
        // More rounds than are played before it is stopped, however slow the interview is.
        let running = try await coordinator.start(
            Coordinator.arguments(coordinator.configuration("job-market"), coordinator.path("run"), rounds: 10_000)
                + ["--quiet", "--emulator-args", "--latency 20ms"])
        func closedRounds() throws -> Int {
            try Recorded(coordinator.path("run")).count("SELECT count(*) FROM rounds WHERE state = 'closed'")
        }
        try await eventually("a round is closed") { (try? closedRounds()) ?? 0 >= 1 }
        let agent = try #require(try Recorded(coordinator.path("run")).text("SELECT id FROM agents WHERE agent = 0"))
        let children = Coordinator.children(of: running.child.pid)
        let asked = try await coordinator.call(
            ["interview", coordinator.path("run"), agent, "How are you?", "--json"])
        #expect(asked.status == .exited(0), "\(asked.errors)")
        let round = try json(asked.output)["round"] as? Int ?? 0
        #expect(round >= 1)
        #expect(!children.isEmpty && children.allSatisfy(Coordinator.isRunning))
        try await eventually("the run goes on behind the interview") { try closedRounds() > round }
        #expect(try await coordinator.call(["stop", coordinator.path("run")]).status == .exited(0))
        #expect(try await running.ending().status == .exited(130))
        let digests = try await coordinator.digests("run").split(separator: "\n")
        let calm = try await coordinator.play("calm", ["--quiet"], rounds: digests.count)
        #expect(calm.status == .exited(0), "\(calm.errors)")
        #expect(try await coordinator.digests("calm").split(separator: "\n") == digests)
    }
}
