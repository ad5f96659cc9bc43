import MessagePack

/// Frames: `[version, message, message, ...]` with message = `[kind, correlation, body]`.
package enum Frame {
    /// Version of the framing and of the transport's own messages.
    static let version: UInt64 = 1
    /// Small messages share a frame up to this size; a longer message has one to itself.
    static let sharedBytes = 64 << 10
    /// A frame's own bytes besides its messages, at most.
    static let overhead = 6

    /// What made a frame unreadable, and the refusal to answer it with.
    package struct Unreadable: Error, Equatable {
        package var refusal: Refusal
    }

    /// Splits a frame into its messages.
    package static func read(_ bytes: [UInt8], maxBytes: Int) throws(Unreadable) -> [Envelope] {
        let spoken: UInt64
        let messages: [Envelope]
        do {
            (spoken, messages) = try parse(bytes, maxBytes: maxBytes)
        } catch {
            throw Unreadable(refusal: refusal(of: error, maxBytes: maxBytes))
        }
        guard spoken == version else {
            let text = "frames of version \(spoken) are not understood, only \(version)"
            throw Unreadable(refusal: Refusal(.version, text, advice: "use programs of one build"))
        }
        return messages
    }

    /// The version and, if it is ours, the messages.
    private static func parse(_ bytes: [UInt8], maxBytes: Int) throws(UnpackError) -> (UInt64, [Envelope]) {
        // Bodies are validated and stay packed: only the frame and its messages are entered.
        let limits = UnpackLimits(maxBytes: maxBytes, maxDepth: 66, maxTokens: 1 << 18, readableDepth: 2)
        var unpacker = try Unpacker(bytes, limits: limits)
        let count = try unpacker.readArrayHeader()
        let spoken = try unpacker.readUInt()
        var messages: [Envelope] = []
        guard spoken == version else { return (spoken, messages) }
        messages.reserveCapacity(count - 1)
        for _ in 1..<count { messages.append(try readMessage(&unpacker)) }
        try unpacker.expectEnd()
        return (spoken, messages)
    }

    private static func readMessage(_ unpacker: inout Unpacker) throws(UnpackError) -> Envelope {
        try unpacker.readArray(of: 3)
        let offset = unpacker.offset
        guard let kind = UInt16(exactly: try unpacker.readUInt()) else {
            throw .invalid(reason: "a kind over 65535", offset: offset)
        }
        let correlation = try unpacker.readUInt()
        return Envelope(kind: kind, correlation: correlation, body: try unpacker.readRaw())
    }

    private static func refusal(of error: UnpackError, maxBytes: Int) -> Refusal {
        if case .limitExceeded(.bytes, _) = error {
            return Refusal(.oversized, "a frame may have \(maxBytes) bytes at most", advice: "send less at once")
        }
        return Refusal(.malformed, "not a frame: \(error)", advice: "see docs/wire-protocol.md")
    }

    /// Clears `packer` and begins a frame in it, to which `messages` messages are appended.
    package static func begin(messages: Int, into packer: inout Packer) {
        packer.removeAll()
        packer.packArray(count: messages + 1)
        packer.pack(version)
    }

    /// Appends one message.
    package static func append(_ message: Envelope, to packer: inout Packer) {
        packer.packArray(count: 3)
        packer.pack(UInt64(message.kind))
        packer.pack(message.correlation)
        packer.packRaw(message.body)
    }
}
