import MessagePack

/// The MessagePack reader by itself, under limits that the first byte chooses.
enum MessagePackReading {
    private static let limits: [UnpackLimits] = [
        .default, UnpackLimits(maxBytes: 1_024, maxDepth: 4, maxTokens: 64),
        UnpackLimits(maxDepth: 66, maxTokens: 1 << 18, readableDepth: 2), UnpackLimits(maxDepth: 0, readableDepth: 0),
    ]

    static func check(_ input: [UInt8]) throws(BrokenPromise) {
        guard let (limits, bytes) = choice(of: limits, by: input),
            var whole = try? Unpacker(bytes, limits: limits)
        else { return }
        try BrokenPromise.unless((try? whole.readRaw()) == bytes, "one value is not taken whole")
        try BrokenPromise.unless((try? whole.expectEnd()) != nil, "something follows the one value")
        guard let copy = try repacked(bytes, limits: limits) else { return }
        // Shortest forms: what was packed once is packed again alike, and never longer but for 4-byte floats.
        let again = try repacked(copy, limits: .default)
        try BrokenPromise.unless(again == copy, "a packed value reads back as another")
    }

    /// The value in canonical form; nil where it holds what a reader refuses.
    private static func repacked(_ bytes: [UInt8], limits: UnpackLimits) throws(BrokenPromise) -> [UInt8]? {
        var packer = Packer()
        do {
            var unpacker = try Unpacker(bytes, limits: limits)
            try copy(from: &unpacker, to: &packer)
            try unpacker.expectEnd()
        } catch .unreadValues {
            throw BrokenPromise("values are left over behind the last one")
        } catch {
            return nil
        }
        return packer.bytes()
    }

    private static func copy(from unpacker: inout Unpacker, to packer: inout Packer) throws(UnpackError) {
        switch unpacker.peekType() {
        case .nil:
            try unpacker.readNil()
            packer.packNil()
        case .bool: packer.pack(try unpacker.readBool())
        case .integer: try copyInteger(from: &unpacker, to: &packer)
        case .double: packer.pack(try unpacker.readDouble())
        case .string: packer.pack(try unpacker.readString())
        case .binary: packer.packBinary(try unpacker.readBinary())
        case .array:
            let count = try unpacker.readArrayHeader()
            packer.packArray(count: count)
            for _ in 0..<count { try copy(from: &unpacker, to: &packer) }
        case .map:
            let count = try unpacker.readMapHeader()
            packer.packMap(count: count)
            for _ in 0..<2 * count { try copy(from: &unpacker, to: &packer) }
        case .extension: packer.packRaw(try unpacker.readRaw())
        case nil: throw .unexpected(found: nil, expected: .anyValue, offset: unpacker.offset)
        }
    }

    private static func copyInteger(from unpacker: inout Unpacker, to packer: inout Packer) throws(UnpackError) {
        if let value = try? unpacker.readInt() {
            packer.pack(value)
        } else {
            packer.pack(try unpacker.readUInt())
        }
    }
}
