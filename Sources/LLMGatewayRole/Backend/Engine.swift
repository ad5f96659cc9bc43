import GatewayLogic

/// The kinds of servers whose dialects the gateway speaks.
enum Engine: String, Sendable, CaseIterable {
    /// vLLM from 0.12 on.
    case vllm
    /// vLLM before 0.12.
    case vllmOld = "vllm-old"
    /// SGLang.
    case sglang
    /// llama.cpp's server.
    case llamacpp
    /// Anything else that speaks the OpenAI interface.
    case openai
}

/// Which field limits the length of an answer.
enum TokenLimitField: String, Sendable {
    /// The field that nearly every server knows.
    case maxTokens = "max_tokens"
    /// The field that OpenAI's newer models insist on.
    case maxCompletionTokens = "max_completion_tokens"
}

/// What probing found out about a server.
struct BackendProfile: Sendable, Equatable {
    /// Its kind, which decides the dialect of constraints.
    var engine: Engine
    /// The version it tells, empty when it tells none.
    var version: String
    /// The model that requests name.
    var model: String
    /// Tokens of context for one request, 0 when unknown.
    var contextTokens: UInt32
    /// Requests that it works on at the same time, 0 when unknown.
    var slots: UInt32
    /// How the length of an answer is limited.
    var tokenLimitField: TokenLimitField
    /// All models that requests may name there, adapters among them.
    var models: [ServedModel] = []
    /// Numbers of the adapters that a request chooses by a field of its own, by name; llama.cpp's.
    var adapters: [String: Int] = [:]
    /// Tokens that its cache of keys and values holds, 0 when unknown.
    var kvTokens = 0
    /// Where it tells its load; nil where it does not.
    var loadSource: LoadSource?
    /// Tokens of the yardstick as it counts them, 0 where it counts none for others.
    var yardstick: UInt32 = 0

    /// What the fleet needs of it.
    var facts: ServerFacts {
        ServerFacts(
            models: models.contains { $0.name == model } ? models : models + [ServedModel(model)], slots: Int(slots),
            kvTokens: kvTokens, tellsLoad: loadSource != nil)
    }
}
