import JSON
import Testing

@Suite struct TokenCountReplyTests {
    private func read(_ text: String) throws(JSONError) -> TokenCountReply {
        try TokenCountReply.read(Array(text.utf8))
    }

    @Test func eachServersCountIsRead() throws {
        #expect(try read(#"{"count":58,"max_model_len":8192,"tokens":[1]}"#) == .conversation(58))
        #expect(try read(#"{"input_tokens":0,"object":"response.input_tokens"}"#) == .conversation(0))
        #expect(try read(#"{"tokens":[[1],[2,3]],"count":[1,2]}"#) == .texts(3))
        #expect(try read(#"{"count":[]}"#) == .texts(0))
    }

    @Test(arguments: [
        "", "[]", "58", "{}", #"{"tokens":[1,2]}"#, #"{"count":-1}"#, #"{"count":1.5}"#, #"{"count":"58"}"#,
        #"{"count":null}"#, #"{"count":[1,-1]}"#, #"{"count":[[1]]}"#, #"{"count":2147483648}"#,
        #"{"count":[9223372036854775807,9223372036854775807]}"#,
    ])
    func whatIsNoCountIsRefused(text: String) { #expect(throws: JSONError.self) { try read(text) } }
}
