import Hashing
import Testing

@testable import Recommendation

/// Selection by score, against sorting everything.
@Suite struct TopFilmsTests {
    @Test(arguments: 1...50) func theBestAreThoseOfAFullSort(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let films = 1 + generator.below(60)
        let scores = (0..<films).map { _ in Int64(generator.below(8)) - 4 }
        let seen = Set((0..<films).filter { _ in generator.below(3) == 0 })
        let start = generator.below(films)
        let count = generator.below(12)
        let expected = (0..<films).filter { !seen.contains($0) }
            .sorted {
                (-scores[$0], ($0 - start + films) % films) < (-scores[$1], ($1 - start + films) % films)
            }.prefix(count)
        #expect(
            TopFilms.best(count, of: films, seen: seen, from: start) { scores[$0] } == Array(expected), "seed \(seed)")
    }

    @Test func popularityIsTheNumberOfRatingsAndThenTheirMean() {
        let scores = PopularityRecommender.scores(counts: [3, 2, 3, 0, 200_000], sums: [9, 20, 30, 0, 200_000])
        #expect((0..<5).sorted { scores[$0] > scores[$1] } == [4, 2, 0, 1, 3])
        // However high ratings are, they never make up for one more of them.
        let close = PopularityRecommender.scores(counts: [7, 6], sums: [7, 60])
        #expect(close[0] > close[1])
    }
}
