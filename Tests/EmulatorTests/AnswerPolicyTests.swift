import JSON
import Testing

@testable import EmulatorRole

/// A chat request's body with these members beside the message.
func chatBody(_ message: String, _ members: JSONObject = JSONObject()) -> [UInt8] {
    var object = JSONObject([
        .init(key: "model", value: "emulator"),
        .init(key: "messages", value: [["role": "user", "content": .string(message)]]),
    ])
    object.members += members.members
    return JSONValue.object(object).serialized()
}

/// Members of a request that ask vLLM for one of these.
func choiceMembers(_ choices: [String]) -> JSONObject {
    JSONObject([.init(key: "structured_outputs", value: ["choice": .array(choices.map(JSONValue.string))])])
}

/// Members of a request that ask for a JSON schema, in the form that every engine knows.
func schemaMembers(_ schema: JSONValue) -> JSONObject {
    JSONObject([
        .init(
            key: "response_format",
            value: ["type": "json_schema", "json_schema": ["name": "x", "strict": true, "schema": schema]])
    ])
}

private func answer(
    _ body: [UInt8], policy: ChoicePolicy = .seeded, seed: UInt64 = 0, context: Int = 32_768,
    engine: EmulatedEngine = .vllm
) throws -> AnswerPolicy.Answer {
    let request = try ChatRequest(parsing: body, engine: engine, servedModel: "emulator")
    let answers = AnswerPolicy(policy: policy, seed: seed, replyTokens: 24...40, context: context, engine: engine)
    return try answers.answer(request, digest: request.digest)
}

private func content(
    _ message: String, _ members: JSONObject = JSONObject(), policy: ChoicePolicy = .seeded, seed: UInt64 = 0
) throws -> String {
    try answer(chatBody(message, members), policy: policy, seed: seed).content
}

@Suite struct AnswerPolicyTests {
    @Test func choicesFollowThePolicy() throws {
        let choices = choiceMembers(["a", "b", "c"])
        #expect(try content("pick", choices, policy: .max) == "c")
        #expect(try content("pick", choices, policy: .first) == "a")
        let drawn = try Set((0..<60).map { try content("pick \($0)", choices) })
        #expect(drawn == ["a", "b", "c"])
    }

    @Test func everythingThatIsAskedChangesTheAnswerAndNothingElseDoes() throws {
        let base = try content("hello")
        #expect(try content("hello") == base)
        #expect(try content("hello ") != base)
        #expect(try content("hello", seed: 1) != base)
        for (key, value) in [("temperature", 0.5), ("top_p", 0.5), ("seed", 5), ("max_tokens", 4_000)] {
            let changed = JSONObject([.init(key: key, value: .double(value))])
            #expect(try content("hello", changed) != base, "\(key)")
        }
        let other = JSONObject([.init(key: "user", value: "x"), .init(key: "cache_salt", value: "y")])
        #expect(try content("hello", other) == base)
        let absent = JSONObject([.init(key: "seed", value: nil), .init(key: "temperature", value: nil)])
        #expect(try content("hello", absent) == base)
    }

    @Test func theSameConstraintInTwoDialectsHasOneAnswer() throws {
        let listed = try answer(chatBody("pick", choiceMembers(["a", "b", "c"])))
        let grammar = JSONObject([.init(key: "grammar", value: #"root ::= "a" | "b" | "c""#)])
        #expect(try answer(chatBody("pick", grammar), engine: .llamacpp).content == listed.content)
    }

    @Test(arguments: ChoicePolicy.allCases)
    func importanceIsRatedByAHashUnderEveryPolicy(_ policy: ChoicePolicy) throws {
        let ratings = (1...10).map(String.init)
        let texts = try (0..<40).map { try content("note \($0)", choiceMembers(ratings), policy: policy) }
        #expect(Set(texts).isSubset(of: ratings))
        #expect(Set(texts).count > 4)
        for words in ["Rate the IMPORTANCE from 1 to 10 of", "On a scale, the importance of"] {
            let free = try (0..<40).map { try content("\(words) note \($0)", policy: policy) }
            #expect(Set(free).isSubset(of: ratings))
            #expect(Set(free).count > 4)
        }
        let number: JSONValue = ["type": "integer", "minimum": 1, "maximum": 10]
        let numbers = try (0..<40).map { try content("note \($0)", schemaMembers(number), policy: policy) }
        #expect(Set(numbers).isSubset(of: ratings))
        #expect(Set(numbers).count > 4)
        #expect(try content("nothing of weight", policy: policy).count > 20)
    }

    @Test func reflectionGetsNumberedLines() throws {
        let questions = try content("What are 3 most salient high-level questions we can answer?")
        #expect(questions.split(separator: "\n").map { $0.prefix(2) } == ["1.", "2.", "3."])
        #expect(questions.split(separator: "\n").allSatisfy { $0.hasSuffix("?") })
        let insights = try content("What 5 high-level insights can you infer?")
        #expect(insights.split(separator: "\n").map { $0.prefix(2) } == ["1.", "2.", "3.", "4.", "5."])
    }

    @Test func freeTextKeepsToItsLengthAndToTheLimitOfTheRequest() throws {
        for number in 0..<50 {
            let whole = try answer(chatBody("tell \(number)"))
            #expect((24...40).contains(whole.completionTokens))
            #expect(whole.finishReason == "stop")
            #expect(whole.completionTokens == TokenCounter.answer(whole.content))
            let cut = try answer(chatBody("tell \(number)", JSONObject([.init(key: "max_tokens", value: 7)])))
            #expect(cut.completionTokens == 7)
            #expect(cut.finishReason == "length")
        }
    }

    @Test func aCutNeverSplitsACharacter() {
        let text = String(repeating: "é", count: 30)
        for limit in 0..<9 {
            let cut = TokenCounter.cut(text, to: limit)
            #expect(text.hasPrefix(cut.text))
            #expect(cut.whole == (limit >= 8))
        }
    }

    @Test func promptsBeyondTheContextAreRefusedAsTheEngineDoes() throws {
        let long = chatBody(String(repeating: "word ", count: 400))
        for engine in [EmulatedEngine.vllm, .sglang, .llamacpp, .openai] {
            #expect(throws: Refusal.self, "\(engine)") { try answer(long, context: 256, engine: engine) }
        }
        let greedy = chatBody("short", JSONObject([.init(key: "max_tokens", value: 250)]))
        #expect(throws: Refusal.self) { try answer(greedy, context: 256) }
        #expect(throws: Never.self) { try answer(greedy, context: 256, engine: .llamacpp) }
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"messages":[]}"#, #"{"messages":[{"content":"x"}]}"#, #"{"messages":"x"}"#,
        #"{"messages":[{"role":"user","content":5}]}"#,
        #"{"messages":[{"role":"user","content":"x"}],"stream":true}"#,
        #"{"messages":[{"role":"user","content":"x"}],"max_tokens":0}"#,
        #"{"messages":[{"role":"user","content":"x"}],"temperature":"hot"}"#,
        #"{"messages":[{"role":"user","content":"x"}],"model":"other"}"#,
    ])
    func wrongRequestsAreRefused(_ body: String) {
        #expect(throws: Refusal.self) { try answer(Array(body.utf8)) }
    }
}
