import Model
import SimulationKit
import Support

/// Chooses the films that are offered to a user.
///
/// What it learns from ratings is information of the environment: turns note their ratings there, the environment's
/// turn computes from all of them, and the next round's turns read what has come of it.
protocol Recommender: Sendable {
    /// The name under which a configuration asks for it.
    static var name: String { get }
    /// Whether it computes from ratings. Only then are they noted, and does the environment take a turn.
    static var learns: Bool { get }

    /// A recommender of these films. Throws where it cannot cope with so many.
    init(_ catalogue: FilmCatalogue, _ settings: RecommenderSettings) throws(UserError)

    /// Places of at most `count` films that the user has not seen, best first.
    func films(_ count: Int, for user: FilmUser, _ turn: Turn) async throws -> [Int]
    /// The environment's fields before round 1.
    var environmentFields: [String: Value] { get }
    /// Notes a rating for the environment's turn.
    func note(_ rating: FilmRating, _ turn: Turn) throws
    /// The environment's turn: computes from what was noted.
    func learn(_ turn: Turn) throws
}

extension Recommender {
    /// Computes nothing from ratings.
    static var learns: Bool { false }
    /// No fields.
    var environmentFields: [String: Value] { [:] }
    /// Notes nothing.
    func note(_ rating: FilmRating, _ turn: Turn) throws {}
    /// Learns nothing.
    func learn(_ turn: Turn) throws {}
}

/// How a recommender computes.
struct RecommenderSettings: Sendable, Equatable {
    /// Numbers that stand for a film.
    var factors = 8
    /// Times that users' and films' factors are computed in turn.
    var sweeps = 8
}

/// A user as a recommender sees it.
struct FilmUser: Sendable {
    /// Profile and memory in words.
    var interests: String
    /// What it has seen and rated, in that order.
    var ratings: [FilmRating]
    /// Places of the films that it has seen.
    var seen: Set<Int>

    init(interests: String, ratings: [FilmRating]) {
        self.interests = interests
        self.ratings = ratings
        seen = Set(ratings.map(\.film))
    }
}

/// The recommenders by name.
enum Recommenders {
    private static let all: [any Recommender.Type] = [
        EmbeddingRecommender.self, MatrixFactorisationRecommender.self, PopularityRecommender.self,
        RandomRecommender.self,
    ]

    /// The type of that name.
    static func type(named name: String, at place: String) throws(UserError) -> any Recommender.Type {
        guard let type = all.first(where: { $0.name == name }) else {
            throw UserError(
                "there is no recommender \(name)", at: place,
                advice: "one of \(all.map { $0.name }.joined(separator: ", "))", exitCode: .configuration)
        }
        return type
    }
}
