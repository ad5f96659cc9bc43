/// How the probabilities of a choice's options are read from a server. Tried in this order.
enum ReadingWay: Hashable {
    /// From a chat whose answer is one token long: how likely each first token is.
    case firstToken
    /// From the endpoint for decisions of vLLM and SGLang, which knows whole options.
    case decision

    /// Where chats are asked, sampled ones, too.
    static let chatPath = "/v1/chat/completions"

    /// The endpoint that is asked.
    var path: String {
        switch self {
        case .firstToken: Self.chatPath
        case .decision: "/v1/decisions"
        }
    }
}

extension Engine {
    /// Most choices of one decision; nil where there is no endpoint for them.
    var mostChoices: Int? {
        switch self {
        case .vllm: 255
        // Its model answers with a letter.
        case .sglang: 26
        case .vllmOld, .llamacpp, .openai: nil
        }
    }
}
