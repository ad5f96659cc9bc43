/// What a model server says when it refuses.
public struct APIErrorReply: Sendable, Equatable {
    /// The server's words. May quote the request: not for logs.
    public var message: String
    /// The kind of error in the server's own vocabulary.
    public var type: String?
    /// The server's code, numbers as text.
    public var code: String?

    /// A refusal of the given parts.
    public init(message: String, type: String? = nil, code: String? = nil) {
        self.message = message
        self.type = type
        self.code = code
    }

    /// Reads the body of a refusal: OpenAI's and llama.cpp's `{"error":{...}}`, vLLM's older
    /// `{"object":"error",...}`, TEI's `{"error":"...","error_type":"..."}` and FastAPI's `{"detail":"..."}`.
    /// Throws where the body is none of these.
    public static func read(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> APIErrorReply {
        let document = try JSONDocument(bytes, limits: limits)
        return try document.withRoot { root throws(JSONError) in
            let error = root.member("error")
            if let text = error?.string {
                return APIErrorReply(message: text, type: root.member("error_type")?.string)
            }
            let source = error?.kind == .object ? error ?? root : root
            if let message = source.member("message")?.string {
                return APIErrorReply(
                    message: message, type: source.member("type")?.string, code: source.member("code")?.codeText)
            }
            guard let detail = root.member("detail")?.string else { throw .missing(field: "error") }
            return APIErrorReply(message: detail)
        }
    }
}

extension JSONNode {
    fileprivate var codeText: String? { string ?? int.map(String.init) }
}
