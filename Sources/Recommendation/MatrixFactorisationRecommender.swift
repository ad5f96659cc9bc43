import Model
import SimulationKit
import Support

/// Offers the films that the user is expected to rate highest, going by everybody's ratings.
///
/// The environment keeps all ratings and fits the films' factors anew after each round. A user's own factors follow
/// from its ratings and the films' factors, and are computed in its turn: they stand nowhere.
struct MatrixFactorisationRecommender: Recommender {
    static let name = "matrix-factorisation"
    static let learns = true

    /// The environment's fields: every rating of the run, and the fit with a mark of its content.
    private enum Fields {
        static let ratings = "film_ratings"
        static let mean = "film_mean"
        static let biases = "film_biases"
        static let factors = "film_factors"
        static let mark = "film_mark"
    }

    private let films: Int
    private let earlier: [FilmRating]
    private let model: MatrixFactorisation
    private let fits = RoundCache<(fixed: FixedFit, fit: MatrixFactorisation.Fit)>()

    /// What the environment's turn may write in a tree of the default size, less some room.
    private static let maxBytes = (4 << 20) - 4_096

    init(_ catalogue: FilmCatalogue, _ settings: RecommenderSettings) throws(UserError) {
        // A bias and a quarter of the factors to a film, nine bytes each.
        let bytes = catalogue.films.count * (4 + settings.factors) * 9 / 4
        guard bytes <= Self.maxBytes else {
            throw UserError(
                "\(catalogue.films.count) films with \(settings.factors) factors each are "
                    + "more than a round can pass on",
                at: "scenario.parameters", advice: "take fewer factors or another recommender",
                exitCode: .configuration)
        }
        films = catalogue.films.count
        earlier = catalogue.ratings
        model = MatrixFactorisation(rank: settings.factors, sweeps: settings.sweeps)
    }

    func films(_ count: Int, for user: FilmUser, _ turn: Turn) async throws -> [Int] {
        let (fixed, fit) = fits.value(turn.worldText(Fields.mark)) {
            let fixed = self.fixed { turn.world($0) }
            return (fixed, fixed.fit)
        }
        let row = FixedFit.row(model.userFactors(user.ratings, in: fit))
        return TopFilms.best(count, of: films, seen: user.seen, from: try turn.random(below: films)) {
            fixed.score($0, row)
        }
    }

    var environmentFields: [String: Value] { fields(of: earlier) }

    func note(_ rating: FilmRating, _ turn: Turn) throws { try turn.note(.int(rating.packed), to: Fields.ratings) }

    func learn(_ turn: Turn) throws {
        let ratings = (turn.field(Fields.ratings)?.list ?? []).compactMap {
            $0.int.flatMap { FilmRating(packed: $0, films: films) }
        }
        for (name, value) in fields(of: earlier + ratings).sorted(by: { $0.key < $1.key }) {
            try turn.set(name, to: value)
        }
    }

    private func fields(of ratings: [FilmRating]) -> [String: Value] {
        let fit = FixedFit(model.fit(ratings, films: films))
        return [
            Fields.mean: .int(fit.mean), Fields.biases: WorldNumbers.value(fit.biases),
            Fields.factors: WorldNumbers.value(fit.packedFactors),
            Fields.mark: .text(WorldNumbers.mark([fit.mean] + fit.biases + fit.factors)),
        ]
    }

    private func fixed(_ field: (String) -> Value?) -> FixedFit {
        let limit = Int64(Int16.max)
        let packed = WorldNumbers.numbers(field(Fields.factors), (films * model.rank + 3) / 4, limit: .max)
        return FixedFit(
            mean: WorldNumbers.numbers(field(Fields.mean).map { .list([$0]) }, 1, limit: limit)[0],
            biases: WorldNumbers.numbers(field(Fields.biases), films, limit: limit),
            factors: FixedFit.factors(packed, count: films * model.rank))
    }
}
