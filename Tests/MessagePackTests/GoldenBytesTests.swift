import MessagePack
import Testing

/// Bytes from the MessagePack specification, which are what digests and peers in other languages rely on.
@Suite struct GoldenBytesTests {
    @Test func integersTakeTheirShortestForm() {
        let expected: [(Int64, [UInt8])] = [
            (0, [0x00]), (127, [0x7f]), (128, [0xcc, 0x80]), (255, [0xcc, 0xff]), (256, [0xcd, 1, 0]),
            (65_536, [0xce, 0, 1, 0, 0]), (1 << 32, [0xcf, 0, 0, 0, 1, 0, 0, 0, 0]), (-1, [0xff]), (-32, [0xe0]),
            (-33, [0xd0, 0xdf]), (-129, [0xd1, 0xff, 0x7f]), (-32_769, [0xd2, 0xff, 0xff, 0x7f, 0xff]),
            (.min, [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        ]
        for (value, bytes) in expected { #expect(Packer.bytes { $0.pack(value) } == bytes) }
        for (value, bytes) in expected where value >= 0 {
            #expect(Packer.bytes { $0.pack(UInt64(value)) } == bytes)
        }
    }

    @Test func lengthsAndCountsTakeTheirShortestForm() {
        #expect(Packer.bytes { $0.pack("ab") } == [0xa2, 0x61, 0x62])
        #expect(Packer.bytes { $0.pack(String(repeating: "a", count: 32)) }.prefix(2) == [0xd9, 32])
        #expect(Packer.bytes { $0.pack(String(repeating: "a", count: 256)) }.prefix(3) == [0xda, 1, 0])
        #expect(Packer.bytes { $0.packBinary([5]) } == [0xc4, 1, 5])
        #expect(Packer.bytes { $0.packArray(count: 15) } == [0x9f])
        #expect(Packer.bytes { $0.packArray(count: 16) } == [0xdc, 0, 16])
        #expect(Packer.bytes { $0.packMap(count: 65_536) } == [0xdf, 0, 1, 0, 0])
    }

    @Test func theOtherTypesHaveOneFormEach() {
        #expect(Packer.bytes { $0.packNil() } == [0xc0])
        #expect(Packer.bytes { $0.pack(false) } == [0xc2])
        #expect(Packer.bytes { $0.pack(1.5) } == [0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0])
        #expect(Packer.bytes { $0.pack(-Double.nan) } == Packer.bytes { $0.pack(Double.nan) })
    }
}
