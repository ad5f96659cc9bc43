import Testing

@testable import EmulatorRole

private func similarity(_ left: [Float], _ right: [Float]) -> Float {
    zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
}

@Suite struct EmbeddingVectorsTests {
    @Test(arguments: [1, 2, 64, 100, 768])
    func vectorsAreUnitVectorsOfTheDimension(_ dimension: Int) {
        var vectors = EmbeddingVectors(seed: 1, dimension: dimension)
        for text in ["", "one", "one two", "a much longer text, with words: and 123 numbers"] {
            let vector = vectors.vector(text)
            #expect(vector.count == dimension)
            #expect(abs(similarity(vector, vector) - 1) < 1e-5)
        }
    }

    @Test func textsThatShareWordsAreNearer() {
        var vectors = EmbeddingVectors(seed: 1, dimension: 768)
        let nurse = vectors.vector("nurse with experience in intensive care, night shifts")
        let similar = vectors.vector("Intensive CARE nurse for night shifts")
        let other = vectors.vector("welder for ship hulls near the harbour")
        #expect(similarity(nurse, similar) > similarity(nurse, other) + 0.3)
    }

    @Test func vectorsFollowFromSeedAndTextAlone() {
        var one = EmbeddingVectors(seed: 1, dimension: 64)
        var two = EmbeddingVectors(seed: 1, dimension: 64)
        var other = EmbeddingVectors(seed: 2, dimension: 64)
        for number in 0..<(EmbeddingVectors.maximumWords + 10) { _ = one.vector("word\(number)") }
        #expect(one.vector("word1 word2") == two.vector("word1 word2"))
        #expect(two.vector("word1 word2") != two.vector("word2 word1"))
        #expect(two.vector("word1") != other.vector("word1"))
    }
}
