import CCurl

/// Why there is no complete reply.
public enum HTTPFailure: Error, Sendable, Equatable {
    /// The name did not resolve or nobody accepted the connection.
    case cannotConnect
    /// The request's time was up.
    case timeout
    /// The peer closed the connection before the reply began, or broke it.
    case reset
    /// The reply ended before its announced length.
    case truncated
    /// What came is not HTTP/1.1.
    case garbled
    /// The reply is larger than the request allows.
    case tooLarge
    /// The TLS session could not be made or trusted.
    case tls
    /// The request itself is unusable: what is wrong with it, without its contents.
    case invalidRequest(String)
    /// The loop was shut down first.
    case shutDown
    /// Another failure, as libcurl numbers it (`CURLcode`).
    case other(code: Int)

    /// True where the same request may well succeed when it is sent again.
    public var isTransient: Bool {
        switch self {
        case .cannotConnect, .timeout, .reset, .truncated, .garbled, .other: true
        case .tooLarge, .tls, .invalidRequest, .shutDown: false
        }
    }

    init(_ code: CURLcode) {
        switch code {
        case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .cannotConnect
        case CURLE_OPERATION_TIMEDOUT: self = .timeout
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR: self = .reset
        case CURLE_PARTIAL_FILE: self = .truncated
        case CURLE_FILESIZE_EXCEEDED: self = .tooLarge
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_USE_SSL_FAILED:
            self = .tls
        // libcurl reports a reply without a status line as the protocol HTTP/0.9, which is not allowed.
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY: self = .garbled
        case CURLE_URL_MALFORMAT: self = .invalidRequest("the address is malformed")
        default: self = .other(code: Int(code.rawValue))
        }
    }
}
