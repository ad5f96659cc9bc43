import JSON
import Model

/// Writes the body of `POST /v1/chat/completions`.
struct ChatRequestWriter {
    /// Seeds are cut to 31 bits: llama.cpp keeps 32 of them and takes 2^32-1 for "random", and JSON readers that
    /// use doubles keep 53.
    static func wireSeed(_ seed: UInt64) -> Int { Int(seed & 0x7FFF_FFFF) }

    private var writer = JSONWriter(capacity: 8192)

    /// The body for one attempt. What many requests share stands in front, as in the prompt itself.
    mutating func body(_ spec: CompletionSpec, model: String, seed: UInt64, profile: BackendProfile) -> [UInt8] {
        let fields = ModelFields(model, profile)
        writer.removeAll()
        writer.beginObject()
        writer.key("model")
        writer.value(fields.model)
        writer.key("messages")
        Self.write(spec.messages[...], into: &writer)
        writer.key("temperature")
        Self.writeThousandths(spec.sampling.temperature, into: &writer)
        writer.key("top_p")
        Self.writeThousandths(spec.sampling.topP, into: &writer)
        writer.key(profile.tokenLimitField.rawValue)
        writer.value(Int(spec.sampling.maxTokens))
        writer.key("seed")
        writer.value(Self.wireSeed(seed))
        ConstraintDialect(engine: profile.engine).write(spec.constraint, into: &writer)
        fields.writeAdapter(into: &writer)
        writer.endObject()
        return writer.bytes
    }

    static func write(_ messages: ArraySlice<PromptMessage>, into writer: inout JSONWriter) {
        writer.beginArray()
        for message in messages {
            writer.beginObject()
            writer.key("role")
            writer.value(message.role.name)
            writer.key("content")
            writer.value(joining: message.segments)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func writeThousandths(_ value: UInt32, into writer: inout JSONWriter) {
        if value % 1000 == 0 {
            writer.value(Int(value / 1000))
        } else {
            writer.value(Double(value) / 1000)
        }
    }
}
