import JSON
import Testing

private let usual = """
    {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":
    {"role":"assistant","reasoning_content":null,"content":"Yes \\u00e9","tool_calls":[]},"logprobs":null,
    "finish_reason":"stop"},{"index":1,"message":{"content":"second"},"finish_reason":"length"}],
    "usage":{"prompt_tokens":812,"total_tokens":815,"completion_tokens":3,
    "prompt_tokens_details":{"cached_tokens":640}},"system_fingerprint":"fp"}
    """

private func chat(_ text: String) throws(JSONError) -> ChatCompletionReply {
    try ChatCompletionReply.read(Array(text.utf8))
}

@Suite struct ReplyReadingTests {
    @Test func theFirstChoiceAndTheUsageAreRead() throws {
        let expected = ChatCompletionReply(
            content: "Yes é", finishReason: "stop", promptTokens: 812, completionTokens: 3, cachedTokens: 640,
            model: "m", systemFingerprint: "fp")
        #expect(try chat(usual) == expected)
    }

    @Test func nullContentAndMissingUsageAreTolerated() throws {
        let reply = try chat(#"{"choices":[{"message":{"content":null},"finish_reason":null}],"usage":null}"#)
        #expect(reply == ChatCompletionReply(content: nil))
        let negative = try chat(#"{"choices":[{"message":{}}],"usage":{"prompt_tokens":-1,"completion_tokens":1.5}}"#)
        #expect(negative == ChatCompletionReply(content: nil))
    }

    @Test func probabilitiesAreReadOfTheFirstTokenAlone() throws {
        let reply = try chat(
            #"""
            {"choices":[{"message":{"content":"Ja"},"logprobs":{"content":[{"token":"Ja","logprob":-0.5,"bytes":[74,97],
            "top_logprobs":[{"token":"\ufffd","logprob":-1.0,"bytes":[195]},{"token":" Nein","logprob":-9999.0,
            "bytes":null},{"token":"no number","logprob":null}]},{"token":"!","logprob":0,"top_logprobs":[]}]}}]}
            """#)
        let found = try #require(reply.alternatives)
        #expect(found.map(\.bytes) == [[195], Array(" Nein".utf8), Array("Ja".utf8)])
        #expect(abs(found[0].probability - 0.367_879) < 1e-6)
        #expect(found[1].probability == 0)
        #expect(try chat(usual).alternatives == nil)
        #expect(try chat(#"{"choices":[{"message":{},"logprobs":{"content":[5]}}]}"#).alternatives == nil)
    }

    @Test func aDecisionIsReadWithItsChoices() throws {
        let text = #"""
            {"model":"m","answers":[{"type":"choice","probabilities":[{"value":"a","probability":0.25},
            {"value":"b","probability":"x"},{"value":"c","probability":1}]}],"usage":{"input_tokens":9}}
            """#
        let reply = try ChatCompletionReply.readDecision(Array(text.utf8))
        #expect(
            reply.alternatives == [
                AnswerAlternative(bytes: Array("a".utf8), probability: 0.25),
                AnswerAlternative(bytes: Array("c".utf8), probability: 1),
            ])
        #expect(reply.content == nil && reply.promptTokens == 9 && reply.model == "m")
        let named = #"""
            {"model":"m","answers":{"1":{"type":"choice","probabilities":{"a":0.25,"b":"x","c":0.75},"label_mass":0.8}},
            "usage":{"prompt_tokens":9}}
            """#
        let other = try ChatCompletionReply.readDecision(Array(named.utf8))
        #expect(
            other.alternatives == [
                AnswerAlternative(bytes: Array("a".utf8), probability: 0.25 * 0.8),
                AnswerAlternative(bytes: Array("c".utf8), probability: 0.75 * 0.8),
            ])
        #expect(other.promptTokens == 9)
        for text in [
            "{}", #"{"answers":[]}"#, #"{"answers":{}}"#, #"{"answers":{"1":{"probabilities":[]}}}"#,
            #"{"answers":[{"probabilities":{}}]}"#, "[]", "null",
        ] {
            #expect(throws: JSONError.self) { try ChatCompletionReply.readDecision(Array(text.utf8)) }
        }
    }

    @Test(arguments: [
        "[]", "{}", #"{"choices":[]}"#, #"{"choices":{}}"#, #"{"choices":[{}]}"#, #"{"choices":[{"message":"x"}]}"#,
        #"{"choices":[{"message":{"content":5}}]}"#, #"{"choices":[{"message":{"content":"x"}}]"#, "null", "<html>",
    ])
    func repliesWithoutAMessageAreRefused(_ text: String) {
        #expect(throws: JSONError.self) { try chat(text) }
    }

    @Test func vectorsOfOpenAIComeInTheOrderOfTheirIndex() throws {
        let floats = #"{"data":[{"index":1,"embedding":[3,4.5]},{"index":0,"embedding":[-1,0.5]}],"model":"m"}"#
        #expect(try EmbeddingReply.read(Array(floats.utf8)) == [[-1, 0.5], [3, 4.5]])
        let encoded = Base64Floats.encode([0.1, -2])
        let base64 = #"{"data":[{"index":0,"embedding":"\#(encoded)"}]}"#
        #expect(try EmbeddingReply.read(Array(base64.utf8)) == [[0.1, -2]])
    }

    @Test func vectorsOfOtherServersAreRead() throws {
        #expect(try EmbeddingReply.read(Array("[[1,2],[3,4]]".utf8)) == [[1, 2], [3, 4]])
        #expect(try EmbeddingReply.read(Array(#"{"embedding":[0.25]}"#.utf8)) == [[0.25]])
        #expect(try EmbeddingReply.read(Array("[]".utf8)) == [])
    }

    @Test(arguments: [
        "{}", "5", #"{"data":5}"#, #"{"data":[{"index":0}]}"#, #"{"data":[{"index":1,"embedding":[1]}]}"#,
        #"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}"#,
        #"{"data":[{"index":-1,"embedding":[1]}]}"#, #"{"data":[{"index":0.5,"embedding":[1]}]}"#, "[[1],[\"x\"]]",
        "[[1e39]]", "[1,2]", #"{"embedding":[null]}"#, #"{"embedding":"AAAA"}"#, #"{"embedding":"AA*="}"#,
        #"{"embedding":"AAAAA"}"#, #"{"embedding":"AADAfw=="}"#,
    ])
    func brokenVectorsAreRefused(_ text: String) {
        #expect(throws: JSONError.self) { try EmbeddingReply.read(Array(text.utf8)) }
    }

    @Test func base64RoundsTripsForEveryRemainder() throws {
        for count in 0..<8 {
            let vector = (0..<count).map { Float($0) * 1.25 - 3 }
            let reply = #"{"embedding":"\#(Base64Floats.encode(vector))"}"#
            #expect(try EmbeddingReply.read(Array(reply.utf8)) == [vector])
        }
        #expect(Base64Floats.encode([1]) == "AACAPw==")
    }

    @Test(arguments: [
        (
            #"{"error":{"message":"too long","type":"bad_request","code":400}}"#,
            APIErrorReply(message: "too long", type: "bad_request", code: "400")
        ),
        (#"{"object":"error","message":"m","type":"T","code":"c"}"#, APIErrorReply(message: "m", type: "T", code: "c")),
        (#"{"error":"busy","error_type":"overloaded"}"#, APIErrorReply(message: "busy", type: "overloaded")),
        (#"{"detail":"Not Found"}"#, APIErrorReply(message: "Not Found")),
    ])
    func refusalsOfEveryServerAreRead(_ text: String, _ expected: APIErrorReply) throws {
        #expect(try APIErrorReply.read(Array(text.utf8)) == expected)
    }

    @Test func aRefusalOfNoKnownFormIsRefusedItself() {
        #expect(throws: JSONError.self) { try APIErrorReply.read(Array("{}".utf8)) }
        #expect(throws: JSONError.self) { try APIErrorReply.read(Array("Bad Gateway".utf8)) }
    }
}
