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

    @Test func purposesStayDistinctInSixteenBytes() {
        // The personal parameter holds sixteen bytes: a longer name must not fall together with another.
        let names = HashPurpose.allCases.map { "gensim.\($0.rawValue)".prefix(16) }
        #expect(Set(names).count == names.count)
    }
}
