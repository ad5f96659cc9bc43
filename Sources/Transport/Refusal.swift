import MessagePack

/// Why a server does not accept a message.
public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// A short word that programs tell refusals apart by.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The word on the wire.
        public let rawValue: String
        /// A code; layers above may have codes of their own.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The protocol version is not the server's.
        public static let version = Code(rawValue: "version")
        /// Not a frame, or not a body, of the documented form.
        public static let malformed = Code(rawValue: "malformed")
        /// A frame or message over the size limit.
        public static let oversized = Code(rawValue: "oversized")
        /// A kind that the server does not know.
        public static let unknownKind = Code(rawValue: "unknown-kind")
        /// More unanswered requests than granted.
        public static let credit = Code(rawValue: "credit")
        /// The server does not know the client (any more): it has to say hello, and to send its requests again.
        public static let helloFirst = Code(rawValue: "hello-first")
        /// The client may not use this server.
        public static let unauthorised = Code(rawValue: "unauthorised")

        /// The refusal concerns a frame that could not be read, and so whatever was in it.
        var concernsWholeFrame: Bool { self == .malformed || self == .oversized || self == .version }
    }

    /// What programs tell refusals apart by.
    public var code: Code
    /// What is wrong, for people. No content of messages.
    public var text: String
    /// What to do about it; may be empty.
    public var advice: String

    /// A refusal; see the properties.
    public init(_ code: Code, _ text: String, advice: String = "") {
        self.code = code
        self.text = text
        self.advice = advice
    }

    /// `code: text; advice`.
    public var description: String { "\(code.rawValue): \(text)" + (advice.isEmpty ? "" : "; \(advice)") }

    /// The message that refuses the one with this correlation.
    public func envelope(correlation: UInt64) -> Envelope {
        let body = Packer.bytes { packer in
            packer.packArray(count: 3)
            packer.pack(code.rawValue)
            packer.pack(text)
            packer.pack(advice)
        }
        return Envelope(kind: TransportKind.refused, correlation: correlation, body: body)
    }

    package init(body: [UInt8]) throws(UnpackError) {
        var unpacker = try Unpacker(body, limits: UnpackLimits(maxBytes: 65_536, maxDepth: 2, maxTokens: 16))
        try unpacker.readArray(of: 3)
        code = Code(rawValue: try unpacker.readString())
        text = try unpacker.readString()
        advice = try unpacker.readString()
        try unpacker.expectEnd()
    }
}
