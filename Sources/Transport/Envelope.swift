/// One message between two processes, inside a frame.
public struct Envelope: Sendable, Equatable {
    /// What the body is. 1 to 15 belong to the transport itself, see `TransportKind`.
    public var kind: UInt16
    /// Ties a reply to its request; 0 where no reply is wanted or where it answers nothing.
    public var correlation: UInt64
    /// Exactly one packed MessagePack value.
    public var body: [UInt8]

    /// A message; see the properties.
    public init(kind: UInt16, correlation: UInt64 = 0, body: [UInt8]) {
        self.kind = kind
        self.correlation = correlation
        self.body = body
    }

    /// What a message costs in a frame besides its body, at most.
    static let overhead = 13
    /// Bytes that the message takes in a frame, at most.
    var frameBytes: Int { body.count + Self.overhead }
}

/// Kinds that the transport keeps for itself.
public enum TransportKind {
    /// Client to server, first: `[protocolVersion, role, name, incarnation]`.
    public static let hello: UInt16 = 1
    /// Server to client: `[protocolVersion, incarnation, creditMessages, creditBytes, maxFrameBytes]`.
    public static let welcome: UInt16 = 2
    /// Answers what is not accepted: `[code, text, advice]`.
    public static let refused: UInt16 = 3
    /// Asks for a pong; `nil`.
    public static let ping: UInt16 = 4
    /// Answers a ping; `nil`.
    public static let pong: UInt16 = 5
    /// The sender leaves; `nil`.
    public static let goodbye: UInt16 = 6
    /// The first kind that is free for the layers above.
    public static let firstFree: UInt16 = 16
}
