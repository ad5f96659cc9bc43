import Model
import SimulationKit

/// Offers the films that were rated most often; of two rated as often the one that was rated higher.
struct PopularityRecommender: Recommender {
    static let name = "popularity"
    static let learns = true

    /// The environment's fields: how often each film was rated, the half stars that it got, a mark of both, and the
    /// round's ratings until the environment's turn has counted them.
    private enum Fields {
        static let counts = "film_counts"
        static let sums = "film_half_stars"
        static let mark = "film_mark"
        static let fresh = "film_ratings"
    }

    private let films: Int
    private let earlier: [FilmRating]
    private let scores = RoundCache<[Int64]>()

    init(_ catalogue: FilmCatalogue, _ settings: RecommenderSettings) {
        films = catalogue.films.count
        earlier = catalogue.ratings
    }

    func films(_ count: Int, for user: FilmUser, _ turn: Turn) async throws -> [Int] {
        let scores = scores.value(turn.worldText(Fields.mark)) {
            let (counts, sums) = numbers { turn.world($0) }
            return Self.scores(counts: counts, sums: sums)
        }
        return TopFilms.best(count, of: films, seen: user.seen, from: try turn.random(below: films)) { scores[$0] }
    }

    var environmentFields: [String: Value] {
        Self.fields(of: counted(earlier, (Array(repeating: 0, count: films), Array(repeating: 0, count: films))))
    }

    func note(_ rating: FilmRating, _ turn: Turn) throws { try turn.note(.int(rating.packed), to: Fields.fresh) }

    func learn(_ turn: Turn) throws {
        let fresh = (turn.field(Fields.fresh)?.list ?? []).compactMap {
            $0.int.flatMap { FilmRating(packed: $0, films: films) }
        }
        guard !fresh.isEmpty else { return }
        let learned = Self.fields(of: counted(fresh, numbers { turn.field($0) ?? turn.world($0) }))
        for (name, value) in learned.sorted(by: { $0.key < $1.key }) { try turn.set(name, to: value) }
        try turn.set(Fields.fresh, to: .list([]))
    }

    /// The number of ratings first, then their mean in thousandths of half stars.
    static func scores(counts: [Int64], sums: [Int64]) -> [Int64] {
        zip(counts, sums).map { count, sum in count << 16 | (count == 0 ? 0 : sum * 1_000 / count) }
    }

    private func counted(_ ratings: [FilmRating], _ before: ([Int64], [Int64])) -> ([Int64], [Int64]) {
        var (counts, sums) = before
        for rating in ratings {
            counts[rating.film] += 1
            sums[rating.film] += Int64(rating.halfStars)
        }
        return (counts, sums)
    }

    private func numbers(_ field: (String) -> Value?) -> ([Int64], [Int64]) {
        (
            WorldNumbers.numbers(field(Fields.counts), films, limit: 1 << 40),
            WorldNumbers.numbers(field(Fields.sums), films, limit: 1 << 44)
        )
    }

    private static func fields(of numbers: ([Int64], [Int64])) -> [String: Value] {
        [
            Fields.counts: WorldNumbers.value(numbers.0), Fields.sums: WorldNumbers.value(numbers.1),
            Fields.mark: .text(WorldNumbers.mark(numbers.0 + numbers.1)),
        ]
    }
}
