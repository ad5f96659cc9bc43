import Testing

@testable import EmulatorRole

private func hashes(_ texts: [String], scope: [String] = ["m", ""], blockTokens: Int = 16) -> [UInt64] {
    PromptBlocks.hashes(
        texts.enumerated().map { .init(role: $0 == 0 ? "system" : "user", content: $1) }, scope: scope,
        blockTokens: blockTokens)
}

@Suite struct PromptBlocksTests {
    @Test(arguments: [0, 1, 59, 60, 61, 1_000])
    func thereIsABlockForEachOfTheCountedTokensThatFillOne(_ length: Int) {
        let texts = [String(repeating: "x", count: length), "question"]
        let tokens = texts.reduce(3) { $0 + TokenCounter.prompt($1) + 4 }
        #expect(hashes(texts).count == tokens / 16)
        #expect(hashes(texts, blockTokens: 1).count == tokens)
    }

    @Test func promptsShareTheBlocksBeforeTheirFirstDifference() {
        let common = String(repeating: "the same for all. ", count: 40)
        let (first, second) = (hashes([common, "I am Ann"]), hashes([common, "I am Bob"]))
        let shared = zip(first, second).prefix { $0 == $1 }.count
        // 5 tokens before the text of 180.
        #expect(shared == (5 + 180) / 16)
        #expect(Set(first).count == first.count)
    }

    @Test func modelAndSaltSeparate() {
        let text = [String(repeating: "the same for all. ", count: 40)]
        #expect(Set(hashes(text)).isDisjoint(with: hashes(text, scope: ["n", ""])))
        #expect(Set(hashes(text)).isDisjoint(with: hashes(text, scope: ["m", "tenant"])))
    }
}
