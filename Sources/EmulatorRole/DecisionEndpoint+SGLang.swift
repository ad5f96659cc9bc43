import JSON

/// SGLang's `/v1/decisions`: the input is a text, and questions and choices have names. The distribution is that of a
/// chat whose messages are the input and the question.
extension EmulatorCore {
    /// Most options of one question: they are labelled A to Z.
    private static let maximumOptions = 26

    /// The input: a text, or anything that is put as JSON.
    static func plainInput(_ value: JSONValue?) throws(Refusal) -> [ChatRequest.Message] {
        let text: String
        switch value {
        case .string(let words): text = words
        case .some(let value) where value.objectValue != nil || value.arrayValue != nil:
            text = String(decoding: value.serialized(), as: UTF8.self)
        default: throw .badRequest("input must be a text, an object or a list")
        }
        guard !isBlank(text) else { throw .badRequest("input must not be blank") }
        return [ChatRequest.Message(role: "user", content: text)]
    }

    static func namedQuestion(_ value: JSONValue, after input: [ChatRequest.Message]) throws(Refusal) -> Question {
        guard value["type"]?.stringValue == "choice" else {
            throw .badRequest("the emulator knows questions of the type choice")
        }
        guard let name = value["id"]?.stringValue, let question = value["question"]?.stringValue, !isBlank(name),
            !isBlank(question)
        else { throw .badRequest("a question needs an id and a text as its question") }
        let entries = value["options"]?.arrayValue ?? []
        let names = entries.compactMap { $0["name"]?.stringValue }
        guard names.count == entries.count, (2...maximumOptions).contains(names.count), !names.contains(where: isBlank),
            Set(names.map { trimmed($0).lowercased() }).count == names.count
        else { throw .badRequest("options must be 2 to \(maximumOptions) with a name of its own each") }
        return Question(
            name: name, isPredicate: false, choices: names,
            prompt: input + [ChatRequest.Message(role: "user", content: question)])
    }

    func namedBody(_ questions: [Question], model: String, tokens: Int) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + questions.count * 128)
        writer.beginObject()
        writer.key("model")
        writer.value(model)
        writer.key("prompt_format_version")
        writer.value(1)
        writer.key("answers")
        writer.beginObject()
        for question in questions {
            writer.key(question.name ?? "")
            write(distribution(question, model: model), to: &writer)
        }
        writer.endObject()
        writer.key("usage")
        writer.beginObject()
        for name in ["prompt_tokens", "total_tokens"] {
            writer.key(name)
            writer.value(tokens)
        }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private func write(_ distribution: ChoiceDistribution, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("type")
        writer.value("choice")
        writer.key("choice")
        writer.value(distribution.choices[distribution.mostLikely])
        writer.key("probabilities")
        writer.beginObject()
        for (choice, probability) in zip(distribution.choices, distribution.probabilities) {
            writer.key(choice)
            writer.value(probability)
        }
        writer.endObject()
        writer.key("label_mass")
        writer.value(1)
        writer.endObject()
    }

    private static func trimmed(_ text: String) -> Substring {
        let front = text.drop(while: \.isWhitespace)
        return front.lastIndex { !$0.isWhitespace }.map { front[...$0] } ?? ""
    }

    private static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }
}
