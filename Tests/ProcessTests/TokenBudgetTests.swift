import Foundation
import Testing

/// Runs whose prompts are longer than their budget, so that servers count them.
@Suite(.serialized) struct TokenBudgetTests {
    /// A job market whose prompts hold more memories than they have room for.
    private static func configuration(_ coordinator: Coordinator) throws -> String {
        try coordinator.configuration("job-market") {
            $0.replacing("  prompt_tokens: 6000", with: "  prompt_tokens: 900")
                .replacing("  short: 3 ", with: "  short: 12 ")
        }
    }

    private static func arguments(_ coordinator: Coordinator, _ run: String) throws -> [String] {
        Coordinator.arguments(try configuration(coordinator), coordinator.path(run), rounds: 3) + ["--quiet"]
    }

    @Test func countsAreRecordedAndTheRunIsTheSameOnMoreHostsAndInAReplay() async throws {
        let coordinator = try Coordinator()
        for (run, hosts) in [("one", "1"), ("three", "3")] {
            let ending = try await coordinator.call(Self.arguments(coordinator, run) + ["--hosts", hosts])
            #expect(ending.status == .exited(0), "\(ending.errors)")
            #expect(ending.output.contains("budgets of prompts: counted by the servers"))
        }
        #expect(try await coordinator.digests("one") == coordinator.digests("three"))
        let recorded = try Recorded(coordinator.path("one"))
        #expect(try recorded.count("SELECT count(*) FROM calls WHERE kind = 'count'") > 0)
        #expect(
            try recorded.count(
                "SELECT count(*) FROM calls WHERE kind = 'count' AND CAST(answer AS INTEGER) > 900") > 0)
        // No prompt that a model answered was longer, as the server counted it.
        #expect(
            try recorded.count(
                """
                SELECT count(*) FROM calls
                WHERE kind NOT IN ('count', 'importance') AND prompt_tokens > 900 * attempts
                """) == 0)
        for command in ["verify", "replay"] {
            let ending = try await coordinator.call([command, coordinator.path("one")])
            #expect(ending.status == .exited(0), "\(ending.output)\(ending.errors)")
        }
    }

    @Test func whereTheServerCountsNothingTheRunSaysThatItEstimates() async throws {
        let coordinator = try Coordinator()
        let plain = ["--emulator-args", "--engine openai"]
        let ending = try await coordinator.call(Self.arguments(coordinator, "plain") + plain)
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(ending.output.contains("budgets of prompts: estimated, three bytes a token"))
        #expect(ending.errors.contains("openai serving emulator"), "\(ending.errors)")
        let recorded = try Recorded(coordinator.path("plain"))
        #expect(try recorded.count("SELECT count(*) FROM calls WHERE kind = 'count'") == 0)
        // And a run that counts is not resumed there.
        let counting = try await coordinator.call(Self.arguments(coordinator, "counting"))
        #expect(counting.status == .exited(0), "\(counting.errors)")
        let resume = ["run", "--resume", coordinator.path("counting"), "--rounds", "4", "--quiet"]
        let other = try await coordinator.call(resume + ["--llm", "emulator"] + plain)
        #expect(other.status == .exited(78), "\(other.errors)")
        #expect(other.errors.contains("tokens in the yardstick"), "\(other.errors)")
        let same = try await coordinator.call(resume)
        #expect(same.status == .exited(0), "\(same.errors)")
    }
}
