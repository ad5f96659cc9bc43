import GatewayLogic
import JSON
import Model
import Testing

@testable import LLMGatewayRole

@Suite struct ConstraintDialectTests {
    private func fields(_ engine: Engine, _ constraint: AnswerConstraint) throws -> JSONValue {
        var writer = JSONWriter()
        writer.beginObject()
        ConstraintDialect(engine: engine).write(constraint, into: &writer)
        writer.endObject()
        return try JSONValue(parsing: writer.bytes)
    }

    @Test func noConstraintAddsNoField() throws {
        for engine in Engine.allCases { #expect(try fields(engine, .free) == [:]) }
    }

    @Test func aChoiceIsSaidInEachServersWords() throws {
        let choice = AnswerConstraint.choice(["a|b", "\"c\"\n"])
        #expect(try fields(.vllm, choice) == ["structured_outputs": ["choice": ["a|b", "\"c\"\n"]]])
        #expect(try fields(.vllmOld, choice) == ["guided_choice": ["a|b", "\"c\"\n"]])
        #expect(try fields(.sglang, choice) == ["regex": #"(a\|b|"c"\n)"#])
        #expect(try fields(.llamacpp, choice) == ["grammar": #"root ::= "a|b" | "\"c\"\n""#])
        let openAI = try fields(.openai, choice)
        #expect(openAI["response_format"]?["type"] == "json_schema")
        let schema = openAI["response_format"]?["json_schema"]?["schema"]
        #expect(schema?["properties"]?["answer"]?["enum"] == ["a|b", "\"c\"\n"])
        #expect(schema?["required"] == ["answer"])
    }

    @Test func aSchemaIsSaidInEachServersWords() throws {
        let schema = AnswerConstraint.jsonSchema(#"{"type":"object"}"#)
        #expect(try fields(.vllm, schema) == ["structured_outputs": ["json": ["type": "object"]]])
        #expect(try fields(.vllmOld, schema) == ["guided_json": ["type": "object"]])
        #expect(try fields(.llamacpp, schema) == ["json_schema": ["type": "object"]])
        for engine in [Engine.sglang, .openai] {
            #expect(try fields(engine, schema)["response_format"]?["json_schema"]?["schema"] == ["type": "object"])
        }
    }

    @Test func aRequestNamesItsModelMessagesAndSampling() throws {
        var writer = ChatRequestWriter()
        let spec = CompletionSpec(
            kind: .text, model: "",
            messages: [.init(role: .system, segments: ["a", "b"]), .init(role: .user, segments: ["c"])],
            constraint: .free, sampling: Sampling(temperature: 700, topP: 1000, maxTokens: 48))
        let profile = BackendProfile(
            engine: .openai, version: "", model: "m", contextTokens: 0, slots: 0, tokenLimitField: .maxCompletionTokens)
        for _ in 0..<2 {
            let body = writer.body(spec, model: "m", seed: .max, profile: profile)
            #expect(
                try JSONValue(parsing: body) == [
                    "model": "m",
                    "messages": [["role": "system", "content": "ab"], ["role": "user", "content": "c"]],
                    "temperature": 0.7, "top_p": 1, "max_completion_tokens": 48, "seed": 0x7FFF_FFFF,
                ])
        }
    }
}
