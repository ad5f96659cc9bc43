import MessagePack

/// The bodies by which client and server get to know each other.
package struct Hello: Equatable {
    var version: UInt64
    var introduction: PeerIntroduction

    package func envelope() -> Envelope {
        let body = Packer.bytes { packer in
            packer.packArray(count: 4)
            packer.pack(version)
            packer.pack(introduction.role)
            packer.pack(introduction.name)
            packer.pack(introduction.incarnation)
        }
        return Envelope(kind: TransportKind.hello, body: body)
    }

    init(version: UInt64, introduction: PeerIntroduction) {
        self.version = version
        self.introduction = introduction
    }

    /// Reads a hello. A newer version may have more fields behind ours: they are passed over, so that the version can
    /// be refused for what it is.
    package init(body: [UInt8]) throws(UnpackError) {
        var unpacker = try Unpacker(body, limits: UnpackLimits(maxBytes: 65_536, maxDepth: 8, maxTokens: 256))
        let count = try unpacker.readArrayHeader()
        guard count >= 4 else { throw .outOfRange(expected: .arrayOf(4), offset: 0) }
        version = try unpacker.readUInt()
        let role = try unpacker.readString()
        let name = try unpacker.readString()
        introduction = PeerIntroduction(role: role, name: name, incarnation: try unpacker.readUInt())
        let longest = max(role.utf8.count, name.utf8.count)
        if longest > PeerIntroduction.longestName { throw .invalid(reason: "a role or name is too long", offset: 0) }
        for _ in 4..<count { try unpacker.skip() }
        try unpacker.expectEnd()
    }
}

package struct Welcome: Equatable {
    var version: UInt64
    var incarnation: UInt64
    var credit: Credit
    var maxFrameBytes: Int

    package func envelope() -> Envelope {
        let body = Packer.bytes { packer in
            packer.packArray(count: 5)
            packer.pack(version)
            packer.pack(incarnation)
            packer.pack(credit.messages)
            packer.pack(credit.bytes)
            packer.pack(maxFrameBytes)
        }
        return Envelope(kind: TransportKind.welcome, body: body)
    }

    init(version: UInt64, incarnation: UInt64, credit: Credit, maxFrameBytes: Int) {
        self.version = version
        self.incarnation = incarnation
        self.credit = credit
        self.maxFrameBytes = maxFrameBytes
    }

    package init(body: [UInt8]) throws(UnpackError) {
        var unpacker = try Unpacker(body, limits: UnpackLimits(maxBytes: 65_536, maxDepth: 2, maxTokens: 16))
        try unpacker.readArray(of: 5)
        version = try unpacker.readUInt()
        incarnation = try unpacker.readUInt()
        let messages = Int(clamping: try unpacker.readUInt())
        credit = Credit(messages: messages, bytes: Int(clamping: try unpacker.readUInt()))
        maxFrameBytes = Int(clamping: try unpacker.readUInt())
        try unpacker.expectEnd()
    }
}
