import Foundation
import Hashing
import MessagePack
import Model
import Testing
import Wire

@Suite struct WireMessageTests {
    /// Decodes `body` as a message of the sample's type and packs it again.
    private func decode<Message: WireMessage>(like sample: Message, _ body: [UInt8]) throws -> [UInt8] {
        try Message(body: body).packed()
    }

    @Test func everyKindHasASample() {
        let sampled = Set(Samples.all.map { type(of: $0).kind })
        #expect(sampled == Set(WireKind.allCases))
        #expect(Samples.all.count == sampled.count)
    }

    @Test func everyKindNamesItsOwnMessage() {
        for kind in WireKind.allCases { #expect(kind.messageType.kind == kind) }
    }

    @Test func everyMessageSurvivesTheWay() throws {
        for message in Samples.all {
            let body = message.packed()
            #expect(try decode(like: message, body) == body, "\(type(of: message).kind)")
        }
    }

    @Test func bytesAreThoseOfTheGoldenFile() throws {
        // A changed shape needs a new version of its message; then, and only then, the file changes:
        // the failing test prints the line that belongs there.
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("golden.txt")
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init)
        let golden = Set(lines)
        for message in Samples.all {
            let kind = type(of: message).kind
            let hex = message.packed().map { String(format: "%02x", $0) }.joined()
            let line = "\(kind.rawValue) \(kind) v\(type(of: message).version) \(hex)"
            #expect(golden.contains(line), "missing: \(line)")
        }
        #expect(lines.count == Samples.all.count)
    }

    @Test func aNewerVersionIsRefusedByName() throws {
        var packer = Packer()
        packer.packArray(count: 2)
        packer.pack(UInt64(2))
        packer.pack(UInt64(3))
        #expect(throws: DecodingFailure.newerVersion(found: 2, known: 1)) { try Drain(body: packer.bytes()) }
    }

    @Test func anOversizedBodyIsRefusedBeforeItIsRead() {
        let body = [UInt8](repeating: 0xC0, count: Acknowledged.sizeLimit + 1)
        #expect(throws: DecodingFailure.range("size of acknowledged")) { try Acknowledged(body: body) }
    }

    @Test func aBodyOfManySmallValuesIsRefusedBeforeTheyFillTheMemory() throws {
        // An array of 64 Mi one-byte numbers, which bytes alone would allow.
        var body = [UInt8](repeating: 7, count: WireLimits.bulk)
        body.replaceSubrange(0..<5, with: [0xdd] + withUnsafeBytes(of: UInt32(body.count - 5).bigEndian, Array.init))
        let start = 1 + WireLimits.values + 3
        #expect(throws: UnpackError.limitExceeded(.tokens, offset: start)) { try StoreBlob(body: body) }
        #expect(StoreBlob.valueLimit == WireLimits.values)
        #expect(Acknowledged.valueLimit == Acknowledged.sizeLimit)
    }

    @Test func everyTruncationIsRefused() {
        for message in Samples.all {
            let body = message.packed()
            for length in 0..<body.count {
                #expect(throws: (any Error).self) { try decode(like: message, Array(body.prefix(length))) }
            }
        }
    }

    @Test(arguments: [1, 2, 3]) func noMutationTraps(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for message in Samples.all {
            let body = message.packed()
            for _ in 0..<200 {
                var mutated = body
                for _ in 0...generator.below(3) {
                    mutated[generator.below(mutated.count)] = UInt8(truncatingIfNeeded: generator.next())
                }
                _ = try? decode(like: message, mutated)
            }
        }
    }
}
