import JSON

/// A request that the emulated server refuses, with what it says.
struct Refusal: Error, Equatable {
    /// The HTTP status.
    var status: Int
    /// The server's words.
    var message: String
    /// The kind, in OpenAI's vocabulary; each engine has its own words for it.
    var kind = Kind.badRequest

    enum Kind {
        case badRequest
        case notFound
        case contextExceeded(promptTokens: Int, limit: Int)
        case tooLarge
        case overloaded
        case internalError
    }

    static func == (left: Refusal, right: Refusal) -> Bool {
        left.status == right.status && left.message == right.message
    }

    static func badRequest(_ message: String) -> Refusal { Refusal(status: 400, message: message) }

    /// The prompt, alone or with the answer asked for, does not fit.
    static func contextExceeded(promptTokens: Int, maxTokens: Int?, limit: Int, engine: EmulatedEngine) -> Refusal {
        let kind = Kind.contextExceeded(promptTokens: promptTokens, limit: limit)
        switch engine {
        case .llamacpp:
            let message = "request (\(promptTokens) tokens) exceeds the available context size (\(limit) tokens)"
            return Refusal(status: 400, message: message, kind: kind)
        case .sglang:
            let message =
                "The input (\(promptTokens) tokens) is longer than the model's context length (\(limit) tokens)."
            return Refusal(status: 400, message: message, kind: kind)
        default:
            let requested = promptTokens + (maxTokens ?? 0)
            let message =
                "This model's maximum context length is \(limit) tokens. However, you requested \(requested) tokens "
                + "(\(promptTokens) in the messages, \(maxTokens ?? 0) in the completion)."
            return Refusal(status: 400, message: message, kind: kind)
        }
    }

    /// The body that the engine sends with it.
    func body(_ engine: EmulatedEngine) -> [UInt8] {
        let object: JSONValue
        switch engine {
        case .tei: object = ["error": .string(message), "error_type": .string(word(engine))]
        case .original: object = ["detail": .string(message)]
        case .sglang:
            object = [
                "object": "error", "message": .string(message), "type": .string(word(engine)), "param": nil,
                "code": .int(Int64(status)),
            ]
        case .vllm, .vllmOld:
            object = [
                "error": [
                    "message": .string(message), "type": .string(word(engine)), "param": nil,
                    "code": .int(Int64(status)),
                ]
            ]
        case .openai:
            object = [
                "error": [
                    "message": .string(message), "type": .string(word(engine)), "param": nil, "code": openAICode,
                ]
            ]
        case .llamacpp:
            var error = JSONObject([
                .init(key: "code", value: .int(Int64(status))), .init(key: "message", value: .string(message)),
                .init(key: "type", value: .string(word(engine))),
            ])
            if case .contextExceeded(let promptTokens, let limit) = kind {
                error["n_prompt_tokens"] = .int(Int64(promptTokens))
                error["n_ctx"] = .int(Int64(limit))
            }
            object = ["error": .object(error)]
        }
        return object.serialized()
    }

    private var openAICode: JSONValue {
        switch kind {
        case .contextExceeded: "context_length_exceeded"
        case .notFound: "model_not_found"
        case .overloaded: "rate_limit_exceeded"
        default: nil
        }
    }

    private func word(_ engine: EmulatedEngine) -> String {
        switch (engine, kind) {
        case (.tei, .tooLarge), (.tei, .badRequest): "Validation"
        case (.tei, .overloaded): "Overloaded"
        case (.tei, _): "Backend"
        case (.llamacpp, .contextExceeded): "exceed_context_size_error"
        case (.llamacpp, .notFound): "not_found_error"
        case (.llamacpp, .overloaded): "unavailable_error"
        case (.llamacpp, .internalError): "server_error"
        case (.llamacpp, _), (.openai, .badRequest), (.openai, .contextExceeded), (.openai, .notFound),
            (.openai, .tooLarge):
            "invalid_request_error"
        case (.openai, .overloaded): "requests"
        case (.openai, _): "server_error"
        case (_, .notFound): "NotFoundError"
        case (_, .overloaded): "TooManyRequestsError"
        case (_, .internalError): "InternalServerError"
        default: "BadRequestError"
        }
    }
}
