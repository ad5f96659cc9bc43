import Foundation
import Support
import Testing

@testable import GPUEmulation

private func parameters(_ text: String) throws -> GPUParameters {
    try GPUParameters(parsing: Array(text.utf8), at: "gpu.json")
}

@Suite struct GPUParametersTests {
    @Test func theLeastThatAFileMustSay() throws {
        let read = try parameters(
            #"{"prefill_tokens_per_second":8000,"decode_tokens_per_second":60,"kv_tokens":200000}"#)
        #expect(
            read
                == GPUParameters(prefillTokensPerSecond: 8_000, decodeTokensPerSecond: 60, kvTokens: 200_000))
        #expect(read.blockCount == 12_500)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"prefill_tokens_per_second":8000,"decode_tokens_per_second":60}"#,
        #"{"prefill_tokens_per_second":0,"decode_tokens_per_second":60,"kv_tokens":200}"#,
        #"{"prefill_tokens_per_second":8000,"decode_tokens_per_second":"60","kv_tokens":200}"#,
        #"{"prefill_tokens_per_second":8000,"decode_tokens_per_second":60,"kv_tokens":15}"#,
        #"{"prefill_tokens_per_second":8000,"decode_tokens_per_second":60,"kv_tokens":1000000000,"block_tokens":1}"#,
        #"{"prefill_tokens_per_second":8000,"decode_tokens_per_second":60,"kv_tokens":200,"max_seqs":4}"#,
        #"{"prefill_tokens_per_second":8000,"decode_tokens_per_second":60,"kv_tokens":200,"prefix_cache":1}"#,
    ])
    func whatIsWrongIsRefused(_ text: String) {
        #expect(throws: UserError.self) { try parameters(text) }
    }

    @Test(arguments: ["a100-8b", "l4-1b"])
    func theModelsThatAreShippedCanBeRead(_ name: String) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: folder.appendingPathComponent("Configs/gpu/\(name).json"), encoding: .utf8)
        let read = try parameters(text)
        #expect(!read.source.isEmpty)
        #expect(read.kvTokens > 32_768)
    }
}
