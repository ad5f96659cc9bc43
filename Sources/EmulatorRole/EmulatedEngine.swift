/// Which server the emulator behaves as: its dialect of constraints, its endpoints and its words of refusal.
public enum EmulatedEngine: String, Sendable, CaseIterable {
    /// vLLM 0.33.0: `structured_outputs`; ignores `guided_*` in silence.
    case vllm
    /// vLLM 0.10.2: `guided_*`; ignores `structured_outputs` in silence.
    case vllmOld = "vllm-old"
    /// SGLang 0.5.23: `regex`, `ebnf`.
    case sglang
    /// llama.cpp's server: `grammar`, `json_schema`.
    case llamacpp
    /// A hosted OpenAI-compatible API: `response_format` alone, no probing endpoints.
    case openai
    /// Hugging Face's text-embeddings-inference: `/embed`, `/info`, `/v1/embeddings`, no chat.
    case tei
    /// The embedding service of the published prototype: `/encode`, `/embedding-dimension`, nothing else.
    case original

    /// The version that `/version`, `/props` or `/info` tells.
    var version: String {
        switch self {
        case .vllm: "0.33.0"
        case .vllmOld: "0.10.2"
        case .sglang: "0.5.23"
        case .llamacpp: "b9431-emulator"
        case .tei: "1.8.2"
        case .openai, .original: "1"
        }
    }

    /// Whether the server has the endpoint; it answers 404 for any other.
    func serves(_ endpoint: Endpoint) -> Bool {
        switch endpoint {
        case .stats: true
        case .chat, .models: self != .tei && self != .original
        case .embeddings: self != .original
        case .health, .metrics: self != .openai && self != .original
        case .decisions: self == .vllm || self == .sglang
        case .loadAdapter, .unloadAdapter: self == .vllm || self == .vllmOld
        case .sglangLoadAdapter, .sglangUnloadAdapter, .loads: self == .sglang
        case .version: self == .vllm || self == .vllmOld
        case .tokenize: self == .vllm || self == .vllmOld || self == .sglang || self == .llamacpp
        case .inputTokens: self == .llamacpp
        case .props, .slots: self == .llamacpp
        case .serverInfo, .modelInfo, .oldServerInfo, .oldModelInfo: self == .sglang
        case .embed, .info: self == .tei
        case .encode, .embeddingDimension: self == .original
        }
    }
}

/// The endpoints of all emulated servers, by path.
enum Endpoint: String, CaseIterable {
    case chat = "/v1/chat/completions"
    case embeddings = "/v1/embeddings"
    case models = "/v1/models"
    case health = "/health"
    case version = "/version"
    case metrics = "/metrics"
    case tokenize = "/tokenize"
    case inputTokens = "/v1/chat/completions/input_tokens"
    case props = "/props"
    case slots = "/slots"
    case serverInfo = "/server_info"
    case modelInfo = "/model_info"
    case oldServerInfo = "/get_server_info"
    case oldModelInfo = "/get_model_info"
    case embed = "/embed"
    case info = "/info"
    case encode = "/encode"
    case embeddingDimension = "/embedding-dimension"
    case stats = "/stats"
    case decisions = "/v1/decisions"
    case loadAdapter = "/v1/load_lora_adapter"
    case unloadAdapter = "/v1/unload_lora_adapter"
    case sglangLoadAdapter = "/load_lora_adapter"
    case sglangUnloadAdapter = "/unload_lora_adapter"
    case loads = "/v1/loads"

    /// Whether it answers what a model was asked, so that what it served is written down.
    var isAnswered: Bool { self == .chat || self == .decisions }

    /// The one method that the endpoint answers to.
    var method: String {
        switch self {
        case .chat, .embeddings, .tokenize, .inputTokens, .embed, .encode, .decisions, .loadAdapter, .unloadAdapter,
            .sglangLoadAdapter, .sglangUnloadAdapter:
            "POST"
        default: "GET"
        }
    }
}
