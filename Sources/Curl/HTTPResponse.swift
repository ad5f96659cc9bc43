import Support

/// A complete reply, whatever its status.
public struct HTTPResponse: Sendable, Equatable {
    /// The status code.
    public var status: Int
    /// The body, at most ``HTTPRequest/maxResponseBytes`` long.
    public var body: [UInt8]
    /// How long the server asks to be left alone, where it says so.
    public var retryAfter: Span?
    /// The media type of the body, where the server names it.
    public var contentType: String?

    /// A reply; see the properties.
    public init(status: Int, body: [UInt8], retryAfter: Span? = nil, contentType: String? = nil) {
        self.status = status
        self.body = body
        self.retryAfter = retryAfter
        self.contentType = contentType
    }
}
