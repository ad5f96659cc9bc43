import Support

/// One HTTP/1.1 request with the limits under which it may run.
public struct HTTPRequest: Sendable {
    /// What is asked of the server.
    public enum Method: Sendable, Equatable {
        /// Read a resource; the body is not sent.
        case get
        /// Send the body.
        case post
    }

    /// A header line. Neither part may hold a control character; a request with one is refused as
    /// ``HTTPFailure/invalidRequest(_:)`` before anything is sent.
    public struct Header: Sendable, Equatable {
        /// The name, without colon.
        public var name: String
        /// The value.
        public var value: String

        /// The header line `name: value`.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }

        var isWellFormed: Bool {
            !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
                && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        }
    }

    /// The method.
    public var method: Method
    /// An absolute `http://` or `https://` address.
    public var url: String
    /// Header lines besides those that HTTP itself needs.
    public var headers: [Header]
    /// The body of a POST.
    public var body: [UInt8]
    /// How long making the connection may take.
    public var connectTimeout: Span
    /// How long everything may take, from the start to the last byte of the reply.
    public var totalTimeout: Span
    /// The largest reply that is read; a larger one ends in ``HTTPFailure/tooLarge``.
    public var maxResponseBytes: Int

    /// A request; see the properties.
    public init(
        _ method: Method, _ url: String, headers: [Header] = [], body: [UInt8] = [],
        connectTimeout: Span = .milliseconds(5_000), totalTimeout: Span = .milliseconds(60_000),
        maxResponseBytes: Int = 4 << 20
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.connectTimeout = connectTimeout
        self.totalTimeout = totalTimeout
        self.maxResponseBytes = maxResponseBytes
    }
}
