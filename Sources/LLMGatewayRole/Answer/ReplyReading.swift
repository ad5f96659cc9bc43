import Curl
import GatewayLogic
import JSON
import Support

/// What a server's reply to a chat request means for the call.
enum ReplyReading: Equatable {
    /// The model said something, or nothing.
    case answer(ChatCompletionReply)
    /// Not now: send the same attempt again. `isBusy` where the server said so itself.
    case again(isBusy: Bool, retryAfter: Span?, reason: String)
    /// The server has no endpoint for decisions, or its model cannot answer there.
    case readsNoDecisions(String)
    /// The server has no endpoint that counts tokens.
    case countsNoTokens(String)
    /// The server wants the other field for the length of answers.
    case wantsTokenLimit(TokenLimitField)
    /// The server will not answer this request, ever: its words.
    case refused(String)
    /// The server is wrongly configured, or we are: a person must act.
    case misconfigured(String, advice: String)

    /// Most bytes of a server's words that are passed on.
    static let quotedBytes = 500

    /// Reads a reply or its absence.
    static func read(_ result: Result<HTTPResponse, HTTPFailure>, by way: ReadingWay? = nil) -> ReplyReading {
        switch result {
        case .failure(let failure) where failure.isTransient:
            return .again(isBusy: false, retryAfter: nil, reason: "\(failure)")
        case .failure(.tooLarge): return .refused("the reply is larger than the gateway reads")
        case .failure(.shutDown): return .again(isBusy: false, retryAfter: nil, reason: "the gateway stops")
        case .failure(let failure):
            return .misconfigured("the server cannot be asked (\(failure))", advice: "check --llm")
        case .success(let response): return read(response, by: way)
        }
    }

    /// Reads what a server answered that was asked to count tokens: the answer is the number.
    static func readCount(_ result: Result<HTTPResponse, HTTPFailure>) -> ReplyReading {
        guard case .success(let response) = result else { return read(result) }
        switch response.status {
        case 200:
            guard let count = try? TokenCountRequest.count(response.body) else {
                return .again(isBusy: false, retryAfter: nil, reason: "the reply is no count of tokens")
            }
            return .answer(ChatCompletionReply(content: String(count)))
        case 404, 405, 501: return .countsNoTokens("the server counts no tokens (HTTP \(response.status))")
        case 400, 413, 422:
            return .refused("the server refuses to count (HTTP \(response.status)): \(words(response))")
        default: return read(result)
        }
    }

    private static func read(_ response: HTTPResponse, by way: ReadingWay?) -> ReplyReading {
        let status = response.status
        if status == 200 {
            do {
                return .answer(
                    try way == .decision
                        ? ChatCompletionReply.readDecision(response.body) : ChatCompletionReply.read(response.body))
            } catch {
                return .again(isBusy: false, retryAfter: nil, reason: "the reply is no completion: \(error)")
            }
        }
        if way == .decision, [404, 405, 501].contains(status) {
            return .readsNoDecisions("the server reads no decisions (HTTP \(status))")
        }
        if RetryPolicy.isTransient(status: status) {
            let isBusy = status == 429 || status == 503
            return .again(isBusy: isBusy, retryAfter: response.retryAfter, reason: "HTTP \(status)")
        }
        let words = words(response)
        // What a server says about decisions is about them alone: it answers chats all the same.
        if way == .decision, [400, 413, 422].contains(status) {
            return .refused("the server refuses the decision (HTTP \(status)): \(words)")
        }
        switch status {
        case 401, 403:
            return .misconfigured(
                "the server refuses the key (HTTP \(status))", advice: "check --llm-key-file or GENSIM_LLM_KEY")
        case 404:
            return .misconfigured(
                "the server knows no such model or path (HTTP 404): \(words)", advice: "check --llm and --model")
        case 400, 413, 422: return refusal(status, words)
        default: return .misconfigured("the server answers HTTP \(status): \(words)", advice: "check --llm")
        }
    }

    /// A refusal that names a field of ours is about the server's abilities, any other about this prompt.
    private static func refusal(_ status: Int, _ words: String) -> ReplyReading {
        let lower = words.lowercased()
        let isAboutSupport = [
            "unsupported", "not supported", "unrecognized", "unknown", "not permitted", "extra inputs",
        ]
        .contains { lower.contains($0) }
        if isAboutSupport {
            if lower.contains("'max_tokens'") || lower.contains("use 'max_completion_tokens'") {
                return .wantsTokenLimit(.maxCompletionTokens)
            }
            if lower.contains("max_completion_tokens") { return .wantsTokenLimit(.maxTokens) }
            let fields = [
                "seed", "temperature", "top_p", "response_format", "structured_outputs", "guided_", "grammar", "regex",
                "json_schema",
            ]
            if let field = fields.first(where: lower.contains) {
                return .misconfigured(
                    "the server does not take the field '\(field)' (HTTP \(status)): \(words)",
                    advice: "see docs/servers.md for what a server must support")
            }
        }
        return .refused("the server refuses the request (HTTP \(status)): \(words)")
    }

    /// What a server says in a reply that is no success.
    static func words(_ response: HTTPResponse) -> String { quoted(try? APIErrorReply.read(response.body)) }

    private static func quoted(_ error: APIErrorReply?) -> String {
        let text = error.map { [$0.code, $0.message].compactMap { $0 }.joined(separator: ": ") } ?? "no reason given"
        return bounded(text, bytes: quotedBytes)
    }

    /// The beginning of a text, at most `bytes` long, cut between characters.
    static func bounded(_ text: String, bytes: Int) -> String {
        guard text.utf8.count > bytes else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: bytes)
        while end.samePosition(in: text) == nil { end = text.utf8.index(before: end) }
        return String(text[..<end]) + "…"
    }
}

extension ReplyReading {
    /// What the end of a request says about the server that it was at.
    func kind(of result: Result<HTTPResponse, HTTPFailure>) -> ReplyKind {
        switch (self, result) {
        case (.answer, _): .answered
        case (.wantsTokenLimit, _), (.refused, _), (.readsNoDecisions, _), (.countsNoTokens, _): .refusedCall
        case (.misconfigured, .success(let response)) where response.status == 404: .lacksModel
        case (.misconfigured(let what, _), _): .misconfigured(what)
        case (.again(true, let retryAfter, _), _): .busy(retryAfter: retryAfter)
        case (.again, .success): .failed
        case (.again, .failure(let failure)):
            switch failure {
            case .cannotConnect: .unreachable
            case .timeout: .timedOut
            case .shutDown: .cancelled
            default: .lost
            }
        }
    }
}
