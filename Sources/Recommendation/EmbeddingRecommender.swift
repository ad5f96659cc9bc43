import SimulationKit

/// Offers the films whose texts are nearest to the user's profile and memory.
struct EmbeddingRecommender: Recommender {
    static let name = "embedding"

    init(_ catalogue: FilmCatalogue, _ settings: RecommenderSettings) {}

    func films(_ count: Int, for user: FilmUser, _ turn: Turn) async throws -> [Int] {
        // Among so many there are enough that it has not seen.
        let nearest = try await turn.nearestItems(
            RecommendationScenario.collection, to: user.interests, count: count + user.seen.count)
        return Array(nearest.filter { !user.seen.contains($0) }.prefix(count))
    }
}
