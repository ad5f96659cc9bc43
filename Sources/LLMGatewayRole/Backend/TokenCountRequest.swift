import Curl
import JSON
import Model

/// What one server is asked to count the tokens of a conversation.
struct TokenCountRequest {
    /// A text of many kinds of characters: how many tokens a server counts in it tells tokenizers and chat templates
    /// apart.
    static let yardstick = [
        PromptMessage(
            role: .system,
            segments: ["You are Zoë Müller-Łukasz, 47, a baker in São Paulo.\n\n- likes: chess; Bäckerei"]),
        PromptMessage(
            role: .user,
            segments: [
                "It's 09:41 on 2031-12-24. 東京は雨です。Привет! 🙂 ",
                "if (a[i] >= 3.14159) { return; }\tWhat would you do?",
            ]),
    ]
    /// Tokens that a chat template adds at most, where the server counts texts without it.
    static let template = 128

    /// The path on the server.
    let path: String
    /// The request's JSON.
    let body: [UInt8]

    /// The request for `messages`, where they are for `model` at a server of that profile.
    init(_ messages: [PromptMessage], model: String, profile: BackendProfile) {
        var writer = JSONWriter(capacity: 8192)
        writer.beginObject()
        writer.key("model")
        writer.value(ModelFields(model, profile).model)
        switch profile.engine {
        // A build of vLLM from source is spoken to as any other server.
        case .vllm, .vllmOld, .openai:
            path = "/tokenize"
            writer.key("messages")
            ChatRequestWriter.write(messages[...], into: &writer)
        case .llamacpp:
            path = "/v1/chat/completions/input_tokens"
            writer.key("messages")
            ChatRequestWriter.write(messages[...], into: &writer)
        // It counts texts alone, and several of them at a time.
        case .sglang:
            path = "/tokenize"
            writer.key("prompt")
            writer.beginArray()
            for message in messages { writer.value(joining: message.segments) }
            writer.endArray()
        }
        writer.endObject()
        body = writer.bytes
    }

    /// How many tokens the server's reply means.
    static func count(_ body: [UInt8]) throws(JSONError) -> Int {
        switch try TokenCountReply.read(body) {
        case .conversation(let count): return count
        case .texts(let count): return count + template
        }
    }

    /// The yardstick's tokens by a probed server's reply; 0 where it counts none. Throws what keeps it from telling.
    static func yardstick(_ reply: Result<HTTPResponse, HTTPFailure>) throws(ProbeFailure) -> UInt32 {
        switch reply {
        case .success(let response) where response.status == 200:
            return (try? count(response.body)).flatMap(UInt32.init(exactly:)) ?? 0
        case .success(let response) where response.status != 501 && RetryPolicy.isTransient(status: response.status):
            throw .unavailable("it does not count tokens yet (HTTP \(response.status))")
        case .success, .failure(.tooLarge): return 0
        case .failure(let failure): throw .unavailable("it does not answer when it is to count tokens (\(failure))")
        }
    }
}
