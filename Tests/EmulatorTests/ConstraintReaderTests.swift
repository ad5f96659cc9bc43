import JSON
import Testing

@testable import EmulatorRole

private func read(_ text: String, _ engine: EmulatedEngine) throws -> Constraint {
    let object = try #require(JSONValue(parsing: Array(text.utf8)).objectValue)
    return try ConstraintReader(engine: engine).read(object)
}

@Suite struct ConstraintReaderTests {
    private let yesNo = Constraint.choices(["no", "yes"])

    @Test func eachEngineReadsItsOwnDialect() throws {
        let dialects: [(EmulatedEngine, String)] = [
            (.vllm, #"{"structured_outputs":{"choice":["no","yes"]}}"#),
            (.vllm, #"{"structured_outputs":{"regex":"(no|yes)"}}"#),
            (.vllm, #"{"structured_outputs":{"grammar":"root ::= \"no\" | \"yes\""}}"#),
            (.vllmOld, #"{"guided_choice":["no","yes"]}"#),
            (.vllmOld, #"{"guided_regex":"(no|yes)"}"#),
            (.sglang, #"{"regex":"(no|yes)"}"#),
            (.sglang, #"{"ebnf":"root ::= \"no\" | \"yes\""}"#),
            (.llamacpp, #"{"grammar":"root ::= \"no\" | \"yes\""}"#),
        ]
        for (engine, text) in dialects { #expect(try read(text, engine) == yesNo, "\(engine) \(text)") }
    }

    @Test func aSchemaIsReadWhereTheEngineTakesOne() throws {
        let schema: JSONValue = ["enum": ["a"]]
        let format = #"{"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"enum":["a"]}}}}"#
        for engine in [EmulatedEngine.vllm, .vllmOld, .sglang, .llamacpp, .openai] {
            #expect(try read(format, engine) == .schema(schema), "\(engine)")
        }
        #expect(try read(#"{"structured_outputs":{"json":{"enum":["a"]}}}"#, .vllm) == .schema(schema))
        #expect(try read(#"{"guided_json":"{\"enum\":[\"a\"]}"}"#, .vllmOld) == .schema(schema))
        #expect(try read(#"{"json_schema":{"enum":["a"]}}"#, .llamacpp) == .schema(schema))
        let own = #"{"response_format":{"type":"json_schema","schema":{"enum":["a"]}}}"#
        #expect(try read(own, .llamacpp) == .schema(schema))
        #expect(throws: Refusal.self) { try read(own, .openai) }
    }

    @Test func foreignConstraintsAreIgnoredInSilenceWhereTheRealServerDoes() throws {
        #expect(try read(#"{"guided_choice":["no","yes"]}"#, .vllm) == .none)
        #expect(try read(#"{"structured_outputs":{"choice":["no","yes"]}}"#, .vllmOld) == .none)
        #expect(try read(#"{"structured_outputs":{"choice":["no","yes"]}}"#, .sglang) == .none)
        #expect(try read(#"{"regex":"(no|yes)"}"#, .llamacpp) == .none)
        #expect(throws: Refusal.self) { try read(#"{"guided_choice":["no","yes"]}"#, .openai) }
    }

    @Test(arguments: [
        (EmulatedEngine.vllm, #"{"structured_outputs":{}}"#),
        (.vllm, #"{"structured_outputs":{"choice":["a"],"regex":"a"}}"#),
        (.vllm, #"{"structured_outputs":{"choice":[]}}"#),
        (.vllm, #"{"structured_outputs":{"choice":["a",1]}}"#),
        (.vllm, #"{"structured_outputs":"a"}"#),
        (.vllm, #"{"structured_outputs":{"regex":"[a-z]+"}}"#),
        (.vllmOld, #"{"guided_choice":["a"],"guided_regex":"a"}"#),
        (.sglang, #"{"regex":"a","ebnf":"root ::= \"a\""}"#),
        (.llamacpp, #"{"grammar":"root ::= \"a\"","json_schema":{}}"#),
        (.llamacpp, #"{"grammar":"root ::= item+"}"#),
        (.openai, #"{"response_format":{"type":"xml"}}"#),
    ])
    func wrongConstraintsAreRefused(_ engine: EmulatedEngine, _ text: String) {
        #expect(throws: Refusal.self) { try read(text, engine) }
    }

    @Test func escapedLiteralsOfRegularExpressionsAreRead() {
        #expect(AlternativesReader.regex(#"(a\.b|c\|d|\(e\)|f g\\)"#) == ["a.b", "c|d", "(e)", #"f g\"#])
        #expect(AlternativesReader.regex("^(?:a|b)$") == ["a", "b"])
        #expect(AlternativesReader.regex(#"a\)"#) == ["a)"])
        for pattern in ["", "(a|)", "(a", "a)", "a*", #"\d"#, #"a\"#, "(a)|(b)", "[ab]"] {
            #expect(AlternativesReader.regex(pattern) == nil, "\(pattern)")
        }
    }

    @Test func literalsOfGrammarsAreRead() {
        #expect(AlternativesReader.grammar(#"root ::= "a\"b" | "\u00e9\x41\n""#) == ["a\"b", "éA\n"])
        #expect(AlternativesReader.grammar("root::=(\"a\"|\"b\")\n") == ["a", "b"])
        for text in ["", "root ::=", #"root ::= "a"#, #"root ::= "a" "b""#, #"x ::= "a""#, #"root ::= "\u12""#] {
            #expect(AlternativesReader.grammar(text) == nil, "\(text)")
        }
    }
}
