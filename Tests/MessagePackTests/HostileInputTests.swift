import Hashing
import MessagePack
import Testing

@Suite struct HostileInputTests {
    @Test func everyTruncationIsRefused() {
        for length in 0..<Sample.bytes.count {
            let error = #expect(throws: UnpackError.self) { try Unpacker(Array(Sample.bytes.prefix(length))) }
            if case .truncated = error { continue }
            Issue.record("a prefix of \(length) bytes gave \(String(describing: error))")
        }
    }

    @Test func bytesBehindTheValueAreRefused() {
        #expect(throws: UnpackError.trailingBytes(offset: Sample.bytes.count)) {
            try Unpacker(Sample.bytes + [0xc0])
        }
    }

    @Test func theByteThatStartsNoValueIsRefused() {
        #expect(throws: UnpackError.malformed(offset: 2)) { try Unpacker([0x92, 0x01, 0xc1]) }
    }

    @Test(arguments: [
        [0xdd, 0xff, 0xff, 0xff, 0xff], [0xdf, 0xff, 0xff, 0xff, 0xff], [0xdb, 0xff, 0xff, 0xff, 0xff, 1],
    ])
    func aHeaderThatClaimsMoreThanThereIsIsRefused(bytes: [UInt8]) {
        let error = #expect(throws: UnpackError.self) { try Unpacker(bytes) }
        guard case .truncated = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
    }

    @Test func limitsAreKept() {
        let nested = [UInt8](repeating: 0x91, count: 8) + [0xc0]
        #expect(throws: Never.self) { try Unpacker(nested, limits: UnpackLimits(maxDepth: 8)) }
        #expect(throws: UnpackError.limitExceeded(.depth, offset: 7)) {
            try Unpacker(nested, limits: UnpackLimits(maxDepth: 7))
        }
        #expect(throws: UnpackError.limitExceeded(.tokens, offset: 8)) {
            try Unpacker(nested, limits: UnpackLimits(maxTokens: 8))
        }
        #expect(throws: UnpackError.limitExceeded(.bytes, offset: 0)) {
            try Unpacker(nested, limits: UnpackLimits(maxBytes: 8))
        }
    }

    @Test func whatLiesBelowTheReadableDepthIsTakenWholeOnly() throws {
        var unpacker = try Unpacker([0x92, 0x92, 0x01, 0x91, 0x02, 0x03], limits: UnpackLimits(readableDepth: 1))
        try unpacker.readArray(of: 2)
        #expect(throws: UnpackError.limitExceeded(.depth, offset: 1)) { try unpacker.readArrayHeader() }
        #expect(try unpacker.readRaw() == [0x92, 0x01, 0x91, 0x02])
        #expect(try unpacker.readInt() == 3)
        try unpacker.expectEnd()
    }

    @Test func readersOfAnotherTypeFailAndLeaveTheValue() throws {
        var unpacker = try Unpacker(Packer.bytes { $0.pack("text") })
        #expect(throws: UnpackError.unexpected(found: .string, expected: .bool, offset: 0)) {
            try unpacker.readBool()
        }
        #expect(throws: UnpackError.self) { try unpacker.readInt() }
        #expect(throws: UnpackError.self) { try unpacker.readDouble() }
        #expect(throws: UnpackError.self) { try unpacker.readBinary() }
        #expect(throws: UnpackError.self) { try unpacker.readArrayHeader() }
        #expect(throws: UnpackError.self) { try unpacker.readMapHeader() }
        #expect(throws: UnpackError.self) { try unpacker.readNil() }
        #expect(throws: UnpackError.unreadValues(offset: 0)) { try unpacker.expectEnd() }
        #expect(try unpacker.readString() == "text")
        #expect(throws: UnpackError.unexpected(found: nil, expected: .anyValue, offset: 5)) { try unpacker.skip() }
        #expect(throws: UnpackError.unexpected(found: nil, expected: .string, offset: 5)) {
            try unpacker.readString()
        }
    }

    @Test(arguments: [[0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xff]])
    func stringsThatAreNotUTF8AreRefused(text: [UInt8]) throws {
        var unpacker = try Unpacker([0xa0 | UInt8(text.count)] + text)
        #expect(throws: UnpackError.invalidUTF8(offset: 0)) { try unpacker.readString() }
        #expect(throws: Never.self) { try unpacker.skip() }
    }

    @Test(arguments: [UInt64(1), 20_260_601]) func randomMutationsNeverTrap(seed: UInt64) {
        print("mutations from seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = Sample.bytes
            for _ in 0...generator.below(4) {
                bytes[generator.below(bytes.count)] = UInt8(truncatingIfNeeded: generator.below(256))
            }
            guard var unpacker = try? Unpacker(bytes) else { continue }
            accepted += 1
            try? Sample.read(&unpacker)
            drain(&unpacker, byType: generator.below(2) == 0)
            #expect(unpacker.peekType() == nil)
        }
        #expect(accepted > 0)
    }

    private func drain(_ unpacker: inout Unpacker, byType: Bool) {
        while let type = unpacker.peekType() {
            if byType, (try? read(type, &unpacker)) != nil { continue }
            try? unpacker.skip()
        }
    }

    private func read(_ type: MessagePackType, _ unpacker: inout Unpacker) throws(UnpackError) {
        switch type {
        case .nil: try unpacker.readNil()
        case .bool: _ = try unpacker.readBool()
        case .integer: _ = try unpacker.readInt()
        case .double: _ = try unpacker.readDouble()
        case .string: _ = try unpacker.readString()
        case .binary: _ = try unpacker.readBinary()
        case .array: _ = try unpacker.readArrayHeader()
        case .map: _ = try unpacker.readMapHeader()
        case .extension: _ = try unpacker.readRaw()
        }
    }
}
