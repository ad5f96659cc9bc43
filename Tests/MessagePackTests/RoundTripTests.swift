import MessagePack
import Testing

@Suite struct RoundTripTests {
    static let signed: [Int64] = [
        0, 1, -1, 31, -32, -33, 127, 128, -128, -129, 255, 256, 32_767, 32_768, -32_768, -32_769, 65_535, 65_536,
        Int64(Int32.max), Int64(Int32.max) + 1, Int64(Int32.min), Int64(Int32.min) - 1, Int64(UInt32.max),
        Int64(UInt32.max) + 1, .max, .min,
    ]

    @Test(arguments: signed) func signedIntegersComeBack(value: Int64) throws {
        var unpacker = try Unpacker(Packer.bytes { $0.pack(value) })
        #expect(try unpacker.readInt() == value)
        try unpacker.expectEnd()
    }

    @Test(arguments: [0, 127, 128, 255, 256, 65_535, 65_536, UInt64(UInt32.max), UInt64(Int64.max) + 1, .max])
    func unsignedIntegersComeBack(value: UInt64) throws {
        var unpacker = try Unpacker(Packer.bytes { $0.pack(value) })
        #expect(try unpacker.readUInt() == value)
    }

    @Test func integersThatDoNotFitAreRefusedWhereTheyStand() throws {
        var large = try Unpacker(Packer.bytes { $0.pack(UInt64.max) })
        #expect(throws: UnpackError.outOfRange(expected: .signedInteger, offset: 0)) { try large.readInt() }
        #expect(try large.readUInt() == .max)
        var negative = try Unpacker(Packer.bytes { $0.pack(-1) })
        #expect(throws: UnpackError.outOfRange(expected: .unsignedInteger, offset: 0)) { try negative.readUInt() }
        #expect(try negative.readInt() == -1)
    }

    @Test func aNegativeFormHoldingAPositiveNumberIsReadAsThatNumber() throws {
        var unpacker = try Unpacker([0xd1, 0x00, 0x05])
        #expect(try unpacker.readUInt() == 5)
    }

    @Test(arguments: ["", "a", String(repeating: "é", count: 16), String(repeating: "x", count: 70_000), "\0𝄞"])
    func stringsComeBack(text: String) throws {
        var unpacker = try Unpacker(Packer.bytes { $0.pack(text) })
        #expect(try unpacker.readString() == text)
    }

    @Test(arguments: [0, 1, 255, 256, 65_536]) func binaryDataComesBack(length: Int) throws {
        let data = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        var unpacker = try Unpacker(Packer.bytes { $0.packBinary(data) })
        #expect(try unpacker.readBinary() == data)
    }

    @Test func doublesComeBackBitByBit() throws {
        for value in [0, -0.0, 1.5, .infinity, -.infinity, .leastNonzeroMagnitude, Double.pi] {
            var unpacker = try Unpacker(Packer.bytes { $0.pack(value) })
            #expect(try unpacker.readDouble().bitPattern == value.bitPattern)
        }
    }

    @Test func doublesAreReadFromIntegersAndShortFloats() throws {
        var unpacker = try Unpacker([0x93, 0xff, 0xcc, 0xc8, 0xca, 0x3f, 0x80, 0x00, 0x00])
        try unpacker.readArray(of: 3)
        #expect(try unpacker.readDouble() == -1)
        #expect(try unpacker.readDouble() == 200)
        #expect(try unpacker.readDouble() == 1)
    }

    @Test func nestedValuesAreReadInOrder() throws {
        var unpacker = try Unpacker(Sample.bytes)
        try Sample.read(&unpacker)
        try unpacker.expectEnd()
    }

    @Test func aRawValuePackedAgainGivesTheSameBytes() throws {
        var unpacker = try Unpacker(Sample.bytes)
        let count = try unpacker.readArrayHeader()
        var packer = Packer()
        packer.packArray(count: count)
        for _ in 0..<count { packer.packRaw(try unpacker.readRaw()) }
        #expect(packer.bytes() == Sample.bytes)
        try unpacker.expectEnd()
    }

    @Test func optionalValuesAreNilOrThere() throws {
        var unpacker = try Unpacker([0x92, 0xc0, 0x07])
        try unpacker.readArray(of: 2)
        #expect(try unpacker.readOptionalInt() == nil)
        let value = try unpacker.readOptional { (unpacker) throws(UnpackError) in try unpacker.readInt() }
        #expect(value == 7)
    }

    @Test func aClearedPackerStartsAnew() {
        var packer = Packer()
        packer.pack("something")
        packer.removeAll()
        #expect(packer.count == 0)
        packer.pack(true)
        #expect(packer.bytes() == [0xc3])
    }
}
