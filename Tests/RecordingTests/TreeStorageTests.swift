import Hashing
import Model
import Testing

@testable import Recording

@Suite struct TreeStorageTests {
    /// A tree with texts of many lengths, around every border of MessagePack's string heads.
    private var tree: Tree {
        let lengths = [0, 1, 31, 32, 33, 255, 256, 300, 65_535, 65_536, 70_000]
        let operations = lengths.enumerated().map { index, length in
            TargetedOperation(
                number: UInt32(index), target: AgentID(number: 0),
                operation: .message(
                    sender: .environment, subject: String(repeating: "s", count: length),
                    body: .map([
                        String(repeating: "ü", count: length): .list([.double(0.5), .int(-70_000), .bool(true)]),
                        "b": .text(String(repeating: "t", count: length)), "n": .null,
                    ])))
        }
        return Tree(
            round: 3, kind: .act,
            turns: [
                TurnRecord(
                    path: [], agent: AgentID(number: 9), failure: nil,
                    outcomes: [OutcomeUse(number: 1, result: Digest128(high: 1, low: 2))], operations: operations)
            ])
    }

    @Test func theCanonicalBytesComeBack() throws {
        var texts: [String] = []
        let canonical = tree.packed()
        let stored = try TreeStorage.stored(canonical) { text in
            texts.append(text)
            return Int64(texts.count - 1)
        }
        #expect(stored.count < 1500)
        #expect(texts.allSatisfy { $0.utf8.count >= 32 })
        #expect(TreeStorage.canonical(stored) { texts[Int($0)] } == canonical)
    }

    @Test func damagedBytesGiveNothingAndDoNotTrap() throws {
        let stored = try TreeStorage.stored(tree.packed()) { _ in 1 }
        #expect(TreeStorage.canonical(Array(stored.prefix(20))) { _ in "" } == nil)
        #expect(TreeStorage.canonical([0xc1]) { _ in "" } == nil)
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            var bytes = stored
            for _ in 0..<3 { bytes[generator.below(bytes.count)] = UInt8(generator.below(256)) }
            _ = TreeStorage.canonical(bytes) { _ in "" }
        }
    }
}
