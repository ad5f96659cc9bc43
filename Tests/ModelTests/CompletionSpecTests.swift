import MessagePack
import Model
import Testing

@Suite struct CompletionSpecTests {
    private static let count = CompletionSpec(
        counting: [PromptMessage(role: .user, segments: ["How ", "many?"])], model: "m")

    @Test func aQuestionForTokensSurvivesTheWay() throws {
        #expect(try CompletionSpec(packed: Self.count.packed()) == Self.count)
    }

    @Test func aQuestionForTokensThatWantsAnAnswerTooIsRefused() {
        let changes: [(inout CompletionSpec) -> Void] = [
            { $0.constraint = .choice(["a"]) }, { $0.sampling.maxTokens = 1 }, { $0.sampling.temperature = 1 },
            { $0.sampling.topP = 999 },
            {
                $0.constraint = .choice(["a"])
                $0.reading = .distribution
            },
        ]
        for change in changes {
            var spec = Self.count
            change(&spec)
            #expect(throws: DecodingFailure.range("count of tokens")) { try CompletionSpec(packed: spec.packed()) }
        }
    }
}
