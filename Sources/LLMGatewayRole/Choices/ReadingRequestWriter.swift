import JSON
import Model

/// Writes the body of a request for the probabilities of a choice's options.
struct ReadingRequestWriter {
    /// How many first tokens are asked for: as many as OpenAI and vLLM tell at most.
    static let alternatives = 20

    /// The question where the only message is the input.
    private static let bareQuestion = "Which one?"

    private var writer = JSONWriter(capacity: 8192)

    /// The body for one way of reading. Free of who asks: no seed, no temperature.
    mutating func body(
        _ spec: CompletionSpec, by way: ReadingWay, model: String, profile: BackendProfile
    ) -> [UInt8] {
        let fields = ModelFields(model, profile)
        writer.removeAll()
        writer.beginObject()
        writer.key("model")
        writer.value(fields.model)
        switch way {
        case .firstToken:
            writeChat(spec, profile)
            fields.writeAdapter(into: &writer)
        case .decision where profile.engine == .sglang: writeNamedDecision(spec)
        case .decision: writeDecision(spec)
        }
        writer.endObject()
        return writer.bytes
    }

    private mutating func writeChat(_ spec: CompletionSpec, _ profile: BackendProfile) {
        writer.key("messages")
        ChatRequestWriter.write(spec.messages[...], into: &writer)
        // Some servers tell probabilities before temperature and nucleus, some after: at 1 they are the same.
        writer.key("temperature")
        writer.value(1)
        writer.key("top_p")
        writer.value(1)
        writer.key(profile.tokenLimitField.rawValue)
        writer.value(1)
        writer.key("logprobs")
        writer.value(true)
        writer.key("top_logprobs")
        writer.value(Self.alternatives)
        // Where a choice has to be put as a JSON object the first token would be its bracket.
        guard profile.engine != .openai else { return }
        ConstraintDialect(engine: profile.engine).write(spec.constraint, into: &writer)
    }

    /// SGLang's: the input is a text, and a question may not be empty.
    private mutating func writeNamedDecision(_ spec: CompletionSpec) {
        guard case .choice(let options) = spec.constraint else {
            preconditionFailure("a distribution is read of something else than a choice")
        }
        let isOne = spec.messages.count < 2
        let input = isOne ? spec.messages[...] : spec.messages.dropLast()
        writer.key("input")
        writer.value(input.map { $0.segments.joined() }.joined(separator: "\n\n"))
        writer.key("questions")
        writer.beginArray()
        writer.beginObject()
        writer.key("id")
        writer.value("1")
        writer.key("type")
        writer.value("choice")
        writer.key("question")
        writer.value(joining: isOne ? [Self.bareQuestion] : spec.messages.last?.segments ?? [])
        writer.key("options")
        writer.beginArray()
        for option in options {
            writer.beginObject()
            writer.key("name")
            writer.value(option)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        writer.endArray()
    }

    /// vLLM's: the last message is the question, what is before it the input.
    private mutating func writeDecision(_ spec: CompletionSpec) {
        guard case .choice(let options) = spec.constraint else {
            preconditionFailure("a distribution is read of something else than a choice")
        }
        let isOne = spec.messages.count < 2
        writer.key("input")
        ChatRequestWriter.write(isOne ? spec.messages[...] : spec.messages.dropLast(), into: &writer)
        writer.key("questions")
        writer.beginArray()
        writer.beginObject()
        writer.key("type")
        writer.value("choice")
        writer.key("instructions")
        writer.value(joining: isOne ? [] : spec.messages.last?.segments ?? [])
        writer.key("choices")
        writer.beginArray()
        for option in options {
            writer.beginObject()
            writer.key("value")
            writer.value(option)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        writer.endArray()
    }
}
