import Hashing
import Testing

@Suite struct HashBuilderTests {
    @Test func equalPartsUnderDifferentPurposesGiveDifferentHashes() {
        let values = HashPurpose.allCases.map { purpose in HashBuilder.hash128(purpose) { $0.append("same") } }
        #expect(Set(values).count == HashPurpose.allCases.count)
    }

    @Test func partsDoNotRunIntoOneAnother() {
        let left = HashBuilder.hash256(.content) {
            $0.append("ab")
            $0.append("c")
        }
        let right = HashBuilder.hash256(.content) {
            $0.append("a")
            $0.append("bc")
        }
        #expect(left != right)
    }

    @Test func aKnownInputKeepsItsHashAcrossBuilds() {
        let digest = HashBuilder.hash256(.content) { $0.append("GenSim") }
        #expect(digest == HashBuilder.hash256(.content) { $0.append(Array("GenSim".utf8)) })
        #expect(Digest256(bytes: digest.bytes) == digest)
        #expect(digest.description.count == 64)
    }

    /// Lengths around the block of 128 bytes that the hash works on.
    @Test(arguments: [0, 1, 119, 120, 127, 128, 129, 300], [0, 1, 127, 128, 129, 300])
    func aHashGoesOnFromItsBeginning(before: Int, after: Int) {
        let (start, rest) = ([UInt8](repeating: 1, count: before), [UInt8](repeating: 2, count: after))
        let prefix = HashPrefix(.request) { $0.append(start) }
        let whole = HashBuilder.hash128(.request) {
            $0.append(start)
            $0.append(rest)
        }
        // Twice: what goes on from a beginning leaves it as it was.
        for _ in 0..<2 { #expect(prefix.hash128 { $0.append(rest) } == whole) }
        #expect(HashPrefix(.result) { $0.append(start) }.hash128 { $0.append(rest) } != whole)
    }

    @Test func purposesStayDistinctInSixteenBytes() {
        // The personal parameter holds sixteen bytes: a longer name must not fall together with another.
        let names = HashPurpose.allCases.map { "gensim.\($0.rawValue)".prefix(16) }
        #expect(Set(names).count == names.count)
    }
}
