import Testing

/// A film site, played by all processes: one without an environment's turn, and one whose recommender learns.
@Suite(.serialized) struct RecommendationTests {
    private static let arguments = ["--agents", "40", "--rounds", "3"]

    @Test(arguments: ["recommendation", "recommendation-town"])
    func aFilmSiteIsTheSameOnOneHostAndOnThree(name: String) async throws {
        try await SamePlay(name, Self.arguments).onOneHostAndOnThree { output in
            let ratings = output.firstMatch(of: /ratings +(\d+)\n/).flatMap { Int($0.1) }
            #expect(ratings ?? 0 > 10, "\(output)")
        }
    }

    @Test func aKilledHostChangesNothingThatIsRecommended() async throws {
        try await SamePlay("recommendation-town", Self.arguments).withAKilledHost()
    }
}
