import MessagePack
import Testing

@testable import Transport

@Suite struct FrameTests {
    static let messages = [
        Envelope(kind: 16, correlation: 1, body: [0x01]),
        Envelope(kind: 65_535, correlation: .max, body: Packer.bytes { $0.pack(String(repeating: "x", count: 300)) }),
        Envelope(kind: 17, correlation: 0, body: [0x92, 0x91, 0xc0, 0x80]),
    ]

    private func frame(_ messages: [Envelope]) -> [UInt8] {
        Packer.bytes { packer in
            Frame.begin(messages: messages.count, into: &packer)
            for message in messages { Frame.append(message, to: &packer) }
        }
    }

    private func refusal(_ bytes: [UInt8], maxBytes: Int = 1 << 20) -> Refusal? {
        #expect(throws: Frame.Unreadable.self) { try Frame.read(bytes, maxBytes: maxBytes) }?.refusal
    }

    @Test func messagesComeBack() throws {
        #expect(try Frame.read(frame(Self.messages), maxBytes: 1 << 20) == Self.messages)
        #expect(try Frame.read(frame([]), maxBytes: 1 << 20) == [])
    }

    @Test func theBytesAreThoseOfTheDocument() {
        let bytes = frame([Envelope(kind: 16, correlation: 300, body: [0xc3])])
        #expect(bytes == [0x92, 0x01, 0x93, 0x10, 0xcd, 0x01, 0x2c, 0xc3])
    }

    @Test func aFrameOfAnotherVersionIsRefusedForItsVersion() {
        #expect(refusal([0x92, 0x02, 0x81, 0x01, 0x02])?.code == .version)
    }

    @Test func aLongFrameIsRefusedAsOversized() {
        #expect(refusal(frame(Self.messages), maxBytes: 16)?.code == .oversized)
    }

    @Test(arguments: [
        [], [0x90], [0x01], [0xc1], [0x92, 0x01, 0x92, 0x10, 0x00], [0x92, 0x01, 0x93, 0xce, 0, 1, 0, 0, 0, 0xc0],
    ])
    func otherBytesAreRefusedAsMalformed(bytes: [UInt8]) {
        #expect(refusal(bytes)?.code == .malformed)
    }

    @Test func everyTruncationIsRefusedAsMalformed() {
        let bytes = frame(Self.messages)
        for length in 0..<bytes.count { #expect(refusal(Array(bytes.prefix(length)))?.code == .malformed) }
    }

    @Test func refusalsAndGreetingsComeBack() throws {
        let refusal = Refusal(.credit, "too much", advice: "wait")
        #expect(try Refusal(body: refusal.envelope(correlation: 4).body) == refusal)
        let hello = Hello(version: 3, introduction: PeerIntroduction(role: "host", name: "a", incarnation: .max))
        #expect(try Hello(body: hello.envelope().body) == hello)
        let welcome = Welcome(version: 3, incarnation: 8, credit: Credit(messages: 5, bytes: 6), maxFrameBytes: 7)
        #expect(try Welcome(body: welcome.envelope().body) == welcome)
    }

    @Test func aHelloOfALaterVersionIsReadAsFarAsItIsKnown() throws {
        let body = Packer.bytes { packer in
            packer.packArray(count: 5)
            packer.pack(9)
            packer.pack("role")
            packer.pack("name")
            packer.pack(1)
            packer.packMap(count: 0)
        }
        #expect(try Hello(body: body).version == 9)
    }
}
