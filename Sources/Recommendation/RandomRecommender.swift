import SimulationKit

/// Offers films by chance: what others are compared with.
struct RandomRecommender: Recommender {
    static let name = "random"

    private let films: Int

    init(_ catalogue: FilmCatalogue, _ settings: RecommenderSettings) { films = catalogue.films.count }

    func films(_ count: Int, for user: FilmUser, _ turn: Turn) async throws -> [Int] {
        var generator = try turn.generator()
        return Array(generator.shuffled((0..<films).filter { !user.seen.contains($0) }).prefix(count))
    }
}
