import Hashing
import JSON

/// A chat request, reduced to what its answer depends on.
struct ChatRequest {
    /// One turn of the conversation.
    struct Message: Equatable {
        var role: String
        var content: String
    }

    var model: String
    var messages: [Message]
    var constraint: Constraint
    var temperature: Double?
    var topP: Double?
    var maxTokens: Int?
    var seed: Int?
    /// Separates its prompt from others in a prefix cache.
    var cacheSalt: String?
    /// How many alternatives of each token are told; nil where no probabilities were asked for.
    var topLogprobs: Int?

    /// Reads the body as the engine does, checking what it checks.
    init(parsing body: [UInt8], engine: EmulatedEngine, servedModel: String) throws(Refusal) {
        try self.init(parsing: body, engine: engine, models: ServedModels([servedModel]))
    }

    /// Reads the body as the engine does that serves these models.
    init(parsing body: [UInt8], engine: EmulatedEngine, models: ServedModels) throws(Refusal) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: body, limits: JSONLimits(maximumBytes: .max))
        } catch {
            throw .badRequest("\(error)")
        }
        guard let request = value.objectValue else { throw .badRequest("the request is not a JSON object") }
        model = request["model"]?.stringValue ?? models.standard
        if !models.serves(model), engine == .vllm || engine == .vllmOld || engine == .openai {
            throw Refusal(status: 404, message: "The model `\(model)` does not exist.", kind: .notFound)
        }
        messages = try Self.messages(request["messages"])
        if request["stream"]?.boolValue == true { throw .badRequest("the emulator does not stream") }
        if let count = request.given("n"), count.intValue != 1 { throw .badRequest("the emulator makes one choice") }
        temperature = try Self.number(request, "temperature", in: 0...100)
        topP = try Self.number(request, "top_p", in: 0...1)
        maxTokens = try Self.tokens(request, "max_completion_tokens")
        if maxTokens == nil { maxTokens = try Self.tokens(request, "max_tokens") }
        if let value = request.given("seed") {
            guard let number = value.intValue else { throw .badRequest("seed must be a whole number") }
            seed = number
        }
        constraint = try ConstraintReader(engine: engine).read(request)
        cacheSalt = request["cache_salt"]?.stringValue
        topLogprobs = try Self.topLogprobs(request)
    }

    private static func topLogprobs(_ request: JSONObject) throws(Refusal) -> Int? {
        let isAsked = request["logprobs"]?.boolValue == true
        guard let value = request.given("top_logprobs") else { return isAsked ? 0 : nil }
        guard let top = value.intValue, (0...TokenLogprobs.maximumTop).contains(top) else {
            throw .badRequest("top_logprobs must be from 0 to \(TokenLogprobs.maximumTop)")
        }
        guard isAsked || top == 0 else { throw .badRequest("top_logprobs needs logprobs to be true") }
        return isAsked ? top : nil
    }

    private static func messages(_ value: JSONValue?) throws(Refusal) -> [Message] {
        guard let list = value?.arrayValue, !list.isEmpty else { throw .badRequest("messages must be a list") }
        var messages: [Message] = []
        messages.reserveCapacity(list.count)
        for entry in list {
            guard let role = entry["role"]?.stringValue else { throw .badRequest("a message needs a role") }
            messages.append(Message(role: role, content: try content(entry["content"])))
        }
        return messages
    }

    /// A message's text: a string, or a list of parts of type `text`.
    private static func content(_ value: JSONValue?) throws(Refusal) -> String {
        switch value {
        case .string(let text): return text
        case .array(let parts):
            var text = ""
            for part in parts {
                guard let piece = part["text"]?.stringValue else { throw .badRequest("only text parts are known") }
                text += piece
            }
            return text
        case .null, nil: return ""
        default: throw .badRequest("content must be a string")
        }
    }

    private static func number(
        _ request: JSONObject, _ key: String, in range: ClosedRange<Double>
    ) throws(Refusal) -> Double? {
        guard let value = request.given(key) else { return nil }
        guard let number = value.doubleValue, range.contains(number) else {
            throw .badRequest("\(key) must be a number in \(range)")
        }
        return number
    }

    private static func tokens(_ request: JSONObject, _ key: String) throws(Refusal) -> Int? {
        guard let value = request.given(key) else { return nil }
        guard let number = value.intValue, number > 0 || number == -1 else {
            throw .badRequest("\(key) must be at least 1")
        }
        // llama.cpp's word for any number.
        return number == -1 ? nil : number
    }

    /// The message that the answer replies to: the last one of a user, else the last.
    var question: String {
        (messages.last { $0.role == "user" } ?? messages.last)?.content ?? ""
    }

    /// Tokens of the prompt: a quarter of its bytes, and four for the frame of each message.
    var promptTokens: Int { messages.reduce(3) { $0 + TokenCounter.prompt($1.content) + 4 } }

    /// Identity of the request: all that the answer depends on besides the emulator's seed.
    var digest: Digest128 {
        HashBuilder.hash128(.emulatorAnswer) { builder in
            builder.append(model)
            builder.append(UInt64(messages.count))
            for message in messages {
                builder.append(message.role)
                builder.append(message.content)
            }
            constraint.append(to: builder)
            // Presence and value: an absent field is another request than any present one.
            for field in [temperature?.bitPattern, topP?.bitPattern, maxTokens.map(Self.bits), seed.map(Self.bits)] {
                builder.append(field == nil ? 0 : 1)
                builder.append(field ?? 0)
            }
        }
    }

    private static func bits(_ number: Int) -> UInt64 { UInt64(bitPattern: Int64(number)) }
}
