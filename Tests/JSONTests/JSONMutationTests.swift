import Hashing
import JSON
import Testing

@Suite struct JSONMutationTests {
    private static let texts = [
        #"{"choices":[{"message":{"content":"a\u00e9\ud83d\ude00"},"finish_reason":"stop"}],"#
            + #""usage":{"prompt_tokens":1}}"#,
        #"{"data":[{"index":1,"embedding":[1.5,-2e3]},{"index":0,"embedding":"AACAPw=="}]}"#,
        #"{"error":{"message":"m","type":"t","code":1}}"#,
        "[[0.1,0.2],[-1,18446744073709551615,null,true]]",
    ]

    @Test(arguments: [1, 2, 3] as [UInt64])
    func mutatedTextsNeverTrap(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<4_000 {
            var bytes = Array(Self.texts[generator.below(Self.texts.count)].utf8)
            for _ in 0...generator.below(4) {
                let place = generator.below(bytes.count)
                switch generator.below(4) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: bytes[..<place], at: place)
                default: bytes[place] ^= 1 << UInt8(generator.below(8))
                }
                if bytes.isEmpty { bytes = [0x7B] }
            }
            if let value = try? JSONValue(parsing: bytes) {
                accepted += 1
                #expect((try? JSONValue(parsing: value.serialized())) == value, "seed \(seed)")
            }
            _ = try? ChatCompletionReply.read(bytes)
            _ = try? EmbeddingReply.read(bytes)
            _ = try? APIErrorReply.read(bytes)
        }
        #expect(accepted > 0, "seed \(seed)")
    }
}
