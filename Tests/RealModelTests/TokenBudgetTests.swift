import Foundation
import TestKit
import Testing

/// Budgets of prompts, kept by a real server's own tokenizer. These are the longest prompts of all plays: five minutes
/// on a machine that plays others besides.
@Suite(.serialized, .timeLimit(.minutes(15))) struct TokenBudgetTests {
    @Test func noPromptIsLongerThanItsBudgetAndCountsAreWhatTheServerTellsWithItsAnswers() async throws {
        let budget = 620
        let folder = try TemporaryFolder()
        let configs = "\(RealRun.repository)/Configs"
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/job-market", withDestinationPath: "\(configs)/job-market")
        let yaml = try String(contentsOfFile: "\(configs)/quickstart.yaml", encoding: .utf8)
            .replacing("short: 3", with: "short: 8").replacing("count: 8", with: "count: 4")
            .replacing("max_reply_tokens: 48", with: "max_reply_tokens: 48, prompt_tokens: \(budget)")
        // Some prompts are too long without any memory: their turns fail, and no others.
        try (yaml + "limits: { failure_rate: 1 }\n").write(
            toFile: "\(folder.path)/play.yaml", atomically: true, encoding: .utf8)
        try await RealRun.play("\(folder.path)/play.yaml", ["--rounds", "1"], in: folder.path)
        let recording = try Recording(folder: "\(folder.path)/run")
        let counts = try recording.counts()
        #expect(counts.contains { $0 > budget })
        #expect(counts.contains { $0 <= budget })
        #expect((1...budget).contains(try recording.longestPrompt()))
        let pairs = try recording.countedPrompts()
        #expect(!pairs.isEmpty)
        for pair in pairs { #expect(pair.counted == pair.told) }
    }
}
