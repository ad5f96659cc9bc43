/// The interfaces that embedding servers speak.
enum EmbeddingEngine: String, Sendable, CaseIterable {
    /// `POST /v1/embeddings`: vLLM, llama.cpp, hosted APIs.
    case openai
    /// `POST /embed`: Hugging Face's text-embeddings-inference.
    case tei
    /// `POST /encode`, one sentence at a time: the service of the published prototype.
    case gensim

    /// Path of the endpoint that embeds.
    var path: String {
        switch self {
        case .openai: "/v1/embeddings"
        case .tei: "/embed"
        case .gensim: "/encode"
        }
    }
}

/// What the information endpoints of a server tell.
struct EmbeddingIdentity: Sendable, Equatable {
    /// The interface.
    var engine: EmbeddingEngine
    /// The model's name, empty where the server tells none.
    var model: String
    /// Texts that one request may hold.
    var maxBatch: Int
}

/// What probing found out about a server.
struct EmbeddingProfile: Sendable, Equatable {
    /// Interface, model and batch size.
    var identity: EmbeddingIdentity
    /// Numbers in a vector.
    var dimension: Int
    /// Whether vectors can be asked for in base64, a fifth of the bytes of decimal numbers and less work to read.
    var sendsBase64: Bool
    /// The unit vector that was made to learn the dimension: by it one tells models of the same name apart.
    var sample: [Float] = []
}

/// Why there are no vectors.
enum EmbeddingFailure: Error, Equatable {
    /// Nothing answers, or it says "later": worth another try.
    case unavailable(String)
    /// A person must act.
    case misconfigured(String, advice: String)
    /// The server now makes vectors of another dimension: what was stored cannot be compared with them.
    case dimensionChanged(expected: Int, found: Int)
    /// The server serves another model than before.
    case modelChanged(expected: String, found: String)
    /// The server will not embed this text, ever: its words.
    case refused(String)

    /// Whether trying again may help.
    var isTransient: Bool {
        if case .unavailable = self { return true }
        return false
    }

    /// One sentence without a full stop.
    var what: String {
        switch self {
        case .unavailable(let what), .misconfigured(let what, _), .refused(let what): what
        case .dimensionChanged(let expected, let found):
            "its vectors have \(found) numbers where they had \(expected) before"
        case .modelChanged(let expected, let found): "it serves '\(found)' where '\(expected)' was served before"
        }
    }

    /// What to do.
    var advice: String {
        switch self {
        case .unavailable: "start the embedding server, or check --embedding"
        case .misconfigured(_, let advice): advice
        case .dimensionChanged, .modelChanged: "go back to the model that the run began with, or start another run"
        case .refused: "shorten the text"
        }
    }
}
