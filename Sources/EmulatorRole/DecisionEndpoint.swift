import Hashing
import JSON

/// `/v1/decisions`: how likely each choice of a question is, without an answer's text. The distribution is the one
/// that chat answers to the same text and choices are drawn from: input and instructions as messages after each other.
extension EmulatorCore {
    /// Most questions of one request.
    static let maximumQuestions = 200
    /// Most choices of one question.
    static let maximumChoices = 255

    /// One question, with the text that its answer depends on.
    struct Question {
        var name: String?
        var isPredicate: Bool
        var choices: [String]
        var prompt: [ChatRequest.Message]
    }

    func decisions(_ body: [UInt8]) throws(Refusal) -> EmulatorReply {
        let request = try object(body)
        let model = request["model"]?.stringValue ?? models.standard
        guard models.serves(model) else {
            throw Refusal(status: 404, message: "The model `\(model)` does not exist.", kind: .notFound)
        }
        let isNamed = options.engine == .sglang
        let input = isNamed ? try Self.plainInput(request["input"]) : try Self.input(request["input"])
        guard let list = request["questions"]?.arrayValue, (1...Self.maximumQuestions).contains(list.count) else {
            throw .badRequest("questions must be a list of 1 to \(Self.maximumQuestions)")
        }
        var questions: [Question] = []
        for entry in list {
            questions.append(
                isNamed ? try Self.namedQuestion(entry, after: input) : try Self.question(entry, after: input))
        }
        guard !isNamed || Set(questions.map(\.name)).count == questions.count else {
            throw .badRequest("the ids of questions must be distinct")
        }
        let tokens = questions.map { $0.prompt.reduce(3) { $0 + TokenCounter.prompt($1.content) + 4 } }
        let longest = tokens.max() ?? 0
        guard longest < options.context else {
            throw .contextExceeded(
                promptTokens: longest, maxTokens: 1, limit: options.context, engine: options.engine)
        }
        let digest = HashBuilder.hash128(.emulatorAnswer) { $0.append(body) }
        let fault = faults.draw(digest) { !$0.isOfChat }
        var reply = struck(by: fault) {
            let sum = tokens.reduce(0, +)
            return isNamed
                ? namedBody(questions, model: model, tokens: sum) : self.body(questions, model: model, tokens: sum)
        }
        if let gpu = options.gpu {
            // One pass over the common input and what each question adds.
            let common = input.reduce(3) { $0 + TokenCounter.prompt($1.content) + 4 }
            let added = tokens.reduce(0) { $0 + $1 - common }
            let room = gpu.blockCount * gpu.blockTokens - 1
            reply.work = GPUWork(
                promptTokens: min(common + added, room), answerTokens: 1,
                blocks: gpu.prefixCache
                    ? PromptBlocks.hashes(
                        input, scope: [model, request["cache_salt"]?.stringValue ?? ""], blockTokens: gpu.blockTokens)
                    : [])
        }
        return reply
    }

    /// The input: a text, or messages with a text each.
    private static func input(_ value: JSONValue?) throws(Refusal) -> [ChatRequest.Message] {
        if let text = value?.stringValue { return [ChatRequest.Message(role: "user", content: text)] }
        guard let list = value?.arrayValue, !list.isEmpty else {
            throw .badRequest("input must be a text or a list of messages")
        }
        var messages: [ChatRequest.Message] = []
        for entry in list {
            guard let role = entry["role"]?.stringValue, let text = entry["content"]?.stringValue else {
                throw .badRequest("a message of the input needs a role and a text as its content")
            }
            messages.append(ChatRequest.Message(role: role, content: text))
        }
        return messages
    }

    private static func question(
        _ value: JSONValue, after input: [ChatRequest.Message]
    ) throws(Refusal) -> Question {
        let instructions = value["instructions"]?.stringValue ?? ""
        let prompt = instructions.isEmpty ? input : input + [.init(role: "user", content: instructions)]
        let name = value["name"]?.stringValue
        switch value["type"]?.stringValue {
        case "choice":
            let entries = value["choices"]?.arrayValue ?? []
            let choices = entries.compactMap { $0["value"]?.stringValue }
            guard choices.count == entries.count, (2...maximumChoices).contains(choices.count),
                Set(choices).count == choices.count
            else { throw .badRequest("choices must be 2 to \(maximumChoices) with a text of its own as value each") }
            return Question(name: name, isPredicate: false, choices: choices, prompt: prompt)
        case "predicate":
            return Question(name: name, isPredicate: true, choices: ["true", "false"], prompt: prompt)
        default: throw .badRequest("the emulator knows questions of the types choice and predicate")
        }
    }

    private func body(_ questions: [Question], model: String, tokens: Int) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + questions.count * 128)
        writer.beginObject()
        writer.key("object")
        writer.value("decision")
        writer.key("model")
        writer.value(model)
        writer.key("answers")
        writer.beginArray()
        for question in questions { write(question, model: model, to: &writer) }
        writer.endArray()
        writer.key("usage")
        writer.beginObject()
        for (name, count) in [("input_tokens", tokens), ("output_tokens", 0), ("total_tokens", tokens)] {
            writer.key(name)
            writer.value(count)
        }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    func distribution(_ question: Question, model: String) -> ChoiceDistribution {
        let isRating = Constraint.choices(question.choices).isRating
        return policy.distribution(
            question.choices, policy: isRating && options.policy != .sampled ? .seeded : options.policy, model: model,
            prompt: question.prompt.map(\.content))
    }

    private func write(_ question: Question, model: String, to writer: inout JSONWriter) {
        let distribution = distribution(question, model: model)
        writer.beginObject()
        writer.key("type")
        writer.value(question.isPredicate ? "predicate" : "choice")
        writer.key("name")
        if let name = question.name { writer.value(name) } else { writer.null() }
        if question.isPredicate {
            writer.key("probability")
            writer.value(distribution.probabilities[0])
        } else {
            writer.key("choice")
            writer.value(distribution.choices[distribution.mostLikely])
            writer.key("probabilities")
            writer.beginArray()
            for (choice, probability) in zip(distribution.choices, distribution.probabilities) {
                writer.beginObject()
                writer.key("value")
                writer.value(choice)
                writer.key("probability")
                writer.value(probability)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }
}
