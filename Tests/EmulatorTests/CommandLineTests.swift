import Foundation
import Support
import TestKit
import Testing

@testable import EmulatorRole

private func options(_ arguments: String...) throws -> EmulatorOptions {
    try #require(LLMEmulatorCommand.parse(arguments).options().first)
}

@Suite struct CommandLineTests {
    @Test func argumentsBecomeOptions() throws {
        let read = try options(
            "--listen", "[::1]:8000", "--engine", "vllm-old", "--policy", "max", "--latency", "1.5ms", "--parallel",
            "4",
            "--fault-rate", "429=0.25", "--fault-rate", "wrong-choice=0.5", "--reply-tokens", "5-9", "--dim", "3")
        #expect(read.host == "::1")
        #expect(read.port == 8_000)
        #expect(read.engine == .vllmOld)
        #expect(read.policy == .max)
        #expect(read.latency == Span(nanoseconds: 1_500_000))
        #expect(read.parallel == 4)
        #expect(read.faultRates == [.tooManyRequests: 0.25, .wrongChoice: 0.5])
        #expect(read.replyTokens == 5...9)
        #expect(read.dimension == 3)
        #expect(try options("--reply-tokens", "7").replyTokens == 7...7)
    }

    @Test(arguments: [
        ["--listen", "8000"], ["--listen", ":80"], ["--listen", "x:70000"], ["--latency", "20"], ["--latency", "-1ms"],
        ["--latency", "2e9s"], ["--latency", "nans"], ["--fault-rate", "429"], ["--fault-rate", "nope=0.1"],
        ["--fault-rate", "429=2"], ["--fault-rate", "429=0.6", "--fault-rate", "500=0.6"], ["--reply-tokens", "9-5"],
        ["--reply-tokens", "1-2-3"], ["--reply-tokens", ""], ["--dim", "0"], ["--engine", "gpt"], ["--parallel", "-1"],
    ])
    func wrongArgumentsAreRefused(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try LLMEmulatorCommand.parse(arguments) }
    }

    @Test func aGPUModelIsReadAndMustFit() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/gpu.json"
        try #"{"prefill_tokens_per_second":8000,"decode_tokens_per_second":60,"kv_tokens":20000}"#
            .write(toFile: path, atomically: true, encoding: .utf8)
        let read = try options("--gpu-model", path, "--speed", "10", "--context", "20000")
        #expect(read.gpu?.blockCount == 1_250)
        #expect(read.speed == 10)
        for more in [[], ["--context", "20001"], ["--latency", "1ms"], ["--parallel", "2"], ["--speed", "0"]] {
            let context = more.first == "--context" || more.isEmpty ? [] : ["--context", "20000"]
            #expect(throws: (any Error).self, "\(more)") {
                try LLMEmulatorCommand.parse(["--gpu-model", path] + context + more)
            }
        }
    }

    @Test func anAddressThatIsTakenIsAClearError() async throws {
        try await withEmulator { server async throws in
            var options = EmulatorOptions()
            options.port = server.port
            await #expect(throws: UserError.self) { try await EmulatorServer.start(options) }
        }
    }
}
