import Support
import Testing

@testable import EmulatorRole

@Suite struct EmbeddingCostTests {
    @Test func aRequestCostsByTextsPairsAndFilledUpTokens() {
        var cost = EmbeddingCost()
        cost.request = .milliseconds(100)
        cost.text = .milliseconds(10)
        cost.pair = .milliseconds(2)
        cost.token = .milliseconds(1)
        #expect(cost.time(tokens: [3, 7]) == .milliseconds(100 + 20 + 8 + 14))
        #expect(EmbeddingCost().time(tokens: [1_000]) == Span(nanoseconds: 0))
    }

    @Test func aRequestOfMoreTextsThanTheLimitIsRefused() async throws {
        try await withEmulator {
            $0.embeddingBatch = 2
        } _: { server async throws in
            for (count, status) in [(2, 200), (3, 422)] {
                let texts = (0..<count).map { #""t\#($0)""# }.joined(separator: ",")
                let body = Array(#"{"model":"emulator","input":[\#(texts)]}"#.utf8)
                #expect(try await once(server, "POST", "/v1/embeddings", body: body).reply?.status == status)
            }
        }
    }

    @Test func theCostIsReadFromTheCommandLineAndNeedsItsBase() throws {
        let base = ["--embedding-base", "2ms", "--embedding-per-text", "1.5ms", "--embedding-batch", "8"]
        let options = try #require(LLMEmulatorCommand.parse(base).options().first)
        #expect(options.embeddingCost?.request == .milliseconds(2))
        #expect(options.embeddingCost?.text == Span(nanoseconds: 1_500_000))
        #expect(options.embeddingBatch == 8)
        #expect(throws: (any Error).self) { try LLMEmulatorCommand.parse(["--embedding-per-text", "1ms"]) }
        #expect(throws: (any Error).self) { try LLMEmulatorCommand.parse(["--embedding-base", "2h"]) }
    }
}
