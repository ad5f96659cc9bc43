import Hashing
import Testing
import Vectors

@Suite struct VectorChecksumTests {
    @Test func vectorsThatDifferALittleHaveDifferentChecksums() {
        let vector = FixedVector(components: [100, -200, 300, 0, 5])
        // Sums with weights take the first two of these for the same vector.
        for change in [[3, -1, 0, 0, 0], [1, -1, 1, -1, 0], [0, 0, 0, 0, 1], [-1, 2, -1, 0, 0], [5, 0, -1, 0, 0]] {
            let other = FixedVector(components: zip(vector.components, change).map { $0 + Int16($1) })
            #expect(other.checksum != vector.checksum, "\(change)")
        }
        #expect(FixedVector(components: [1, 2]).checksum != FixedVector(components: [2, 1]).checksum)
        #expect(FixedVector(components: [0]).checksum != FixedVector(components: [0, 0]).checksum)
    }

    @Test func amongManyNeighboursNoTwoShareAChecksum() {
        var generator = SeededGenerator(seed: 5)
        let base = (0..<32).map { _ in Int16(generator.below(8_000) - 4_000) }
        var vectors: Set<[Int16]> = []
        for _ in 0..<50_000 { vectors.insert(base.map { $0 + Int16(generator.below(3) - 1) }) }
        #expect(Set(vectors.map { FixedVector(components: $0).checksum }).count == vectors.count)
    }
}
