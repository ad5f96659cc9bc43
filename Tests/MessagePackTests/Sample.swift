import MessagePack

/// A value with every type in it.
enum Sample {
    static let bytes = Packer.bytes { packer in
        packer.packArray(count: 10)
        packer.packNil()
        packer.pack(true)
        packer.pack(-70_000)
        packer.pack(UInt64.max)
        packer.pack(0.25)
        packer.pack("Grüße")
        packer.packBinary([1, 2, 3])
        packer.packArray(count: 2)
        packer.packArray(count: 0)
        packer.pack(UInt32(9))
        packer.packMap(count: 1)
        packer.pack("key")
        packer.packMap(count: 0)
        packer.packRaw([0xd6, 0x01, 1, 2, 3, 4])
    }

    static func read(_ unpacker: inout Unpacker) throws(UnpackError) {
        try unpacker.readArray(of: 10)
        try unpacker.readNil()
        _ = try unpacker.readBool()
        _ = try unpacker.readInt()
        _ = try unpacker.readUInt()
        _ = try unpacker.readDouble()
        _ = try unpacker.readString()
        _ = try unpacker.readBinary()
        _ = try unpacker.readArrayHeader()
        _ = try unpacker.readArrayHeader()
        _ = try unpacker.readInt()
        _ = try unpacker.readMapHeader()
        _ = try unpacker.readString()
        _ = try unpacker.readMapHeader()
        try unpacker.skip()
    }
}
