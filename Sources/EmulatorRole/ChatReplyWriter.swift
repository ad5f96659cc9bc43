import Hashing
import JSON

/// Writes the body of a chat completion in the engine's form. It holds no clock and no counter: equal requests get
/// equal bytes.
struct ChatReplyWriter {
    /// The moment that every reply claims to be from, in seconds since 1970.
    static let created = 1_700_000_000

    var engine: EmulatedEngine
    /// The log probabilities of the answer's tokens, where they were asked for.
    var logprobs: [TokenLogprobs.Place]?

    /// The body; `cached` tokens of the prompt came from a prefix cache, nil where there is none.
    func body(
        content: String?, answer: AnswerPolicy.Answer, model: String, digest: Digest128, cached: Int? = nil
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 512 + answer.content.utf8.count)
        writer.beginObject()
        writer.key("id")
        writer.value("chatcmpl-\(digest)")
        writer.key("object")
        writer.value("chat.completion")
        writer.key("created")
        writer.value(Self.created)
        writer.key("model")
        writer.value(model)
        writer.key("choices")
        writer.beginArray()
        writer.beginObject()
        writer.key("index")
        writer.value(0)
        writer.key("message")
        writer.beginObject()
        writer.key("role")
        writer.value("assistant")
        writer.key("content")
        if let content { writer.value(content) } else { writer.null() }
        writer.endObject()
        writer.key("logprobs")
        if let logprobs, content != nil { TokenLogprobs.write(logprobs, to: &writer) } else { writer.null() }
        writer.key("finish_reason")
        writer.value(answer.finishReason)
        writer.endObject()
        writer.endArray()
        writer.key("usage")
        writer.beginObject()
        writer.key("prompt_tokens")
        writer.value(answer.promptTokens)
        writer.key("total_tokens")
        writer.value(answer.promptTokens + answer.completionTokens)
        writer.key("completion_tokens")
        writer.value(answer.completionTokens)
        writer.key("prompt_tokens_details")
        if let cached {
            writer.beginObject()
            writer.key("cached_tokens")
            writer.value(cached)
            writer.endObject()
        } else {
            writer.null()
        }
        writer.endObject()
        writer.key("system_fingerprint")
        switch engine {
        case .llamacpp: writer.value(engine.version)
        case .openai: writer.value("fp_emulator")
        default: writer.null()
        }
        writer.endObject()
        return writer.bytes
    }
}
