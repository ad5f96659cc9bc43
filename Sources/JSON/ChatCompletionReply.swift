/// What a chat completion says, read from the reply without building its tree. Only the first choice is looked at.
public struct ChatCompletionReply: Sendable, Equatable {
    /// The message's text; nil where the server sent `null` or none.
    public var content: String?
    /// Why the server stopped: `stop`, `length`, or another word of its own; nil where it does not say.
    public var finishReason: String?
    /// Tokens of the prompt; nil where the server does not say.
    public var promptTokens: Int?
    /// Tokens of the answer; nil where the server does not say.
    public var completionTokens: Int?
    /// Tokens of the prompt that came from the server's prefix cache; nil where the server does not say.
    public var cachedTokens: Int?
    /// The model that answered, as the server names it.
    public var model: String?
    /// What identifies the server's configuration, where it tells.
    public var systemFingerprint: String?
    /// What could have stood at the first place of the answer; nil where the server does not say.
    public var alternatives: [AnswerAlternative]?

    /// A reply of the given parts.
    public init(
        content: String?, finishReason: String? = nil, promptTokens: Int? = nil, completionTokens: Int? = nil,
        cachedTokens: Int? = nil, model: String? = nil, systemFingerprint: String? = nil,
        alternatives: [AnswerAlternative]? = nil
    ) {
        self.content = content
        self.finishReason = finishReason
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.cachedTokens = cachedTokens
        self.model = model
        self.systemFingerprint = systemFingerprint
        self.alternatives = alternatives
    }

    /// Reads the body of an answer to `POST /v1/chat/completions`. Throws where there is no first choice with a
    /// message, or its content is neither text nor `null`; anything else may be missing.
    public static func read(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> ChatCompletionReply {
        let document = try JSONDocument(bytes, limits: limits)
        return try document.withRoot { root throws(JSONError) in try Self(root) }
    }

    private init(_ root: JSONNode) throws(JSONError) {
        guard root.kind == .object else { throw .wrongType(field: "the reply", expected: "an object") }
        var choices: JSONNode?
        for (key, value) in root.members {
            if key.is("choices") {
                choices = value
            } else if key.is("usage") {
                promptTokens = value.member("prompt_tokens")?.count
                completionTokens = value.member("completion_tokens")?.count
                cachedTokens = value.member("prompt_tokens_details")?.member("cached_tokens")?.count
            } else if key.is("model") {
                model = value.string
            } else if key.is("system_fingerprint") {
                systemFingerprint = value.string
            }
        }
        var elements = choices?.elements
        guard let choice = elements?.next() else { throw .missing(field: "choices[0]") }
        guard let message = choice.member("message"), message.kind == .object else {
            throw .missing(field: "choices[0].message")
        }
        finishReason = choice.member("finish_reason")?.string
        alternatives = Self.alternatives(choice)
        guard let content = message.member("content"), content.kind != .null else { return }
        guard let text = content.string else {
            throw .wrongType(field: "choices[0].message.content", expected: "a string")
        }
        self.content = text
    }
}

extension JSONNode {
    /// A number of things: a whole number that is not negative.
    var count: Int? { int.flatMap { $0 >= 0 ? Int(exactly: $0) : nil } }
}
