import Hashing
import Testing

@Suite struct SeededGeneratorTests {
    @Test func theFirstDrawsAreThoseOfSplitMix64() {
        // Reference values of the published algorithm for seed 1234567.
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
    }

    @Test func boundedDrawsStayInsideAndReachEveryValue() {
        var generator = SeededGenerator(seed: 7)
        var seen: Set<Int> = []
        for _ in 0..<1000 {
            let draw = generator.below(5)
            #expect((0..<5).contains(draw))
            seen.insert(draw)
        }
        #expect(seen.count == 5)
    }

    @Test func shufflingKeepsEveryElementAndFollowsTheSeed() {
        var first = SeededGenerator(seed: 3)
        var second = SeededGenerator(seed: 3)
        let shuffled = first.shuffled(Array(0..<100))
        #expect(shuffled == second.shuffled(Array(0..<100)))
        #expect(shuffled.sorted() == Array(0..<100))
        #expect(shuffled != Array(0..<100))
    }
}
