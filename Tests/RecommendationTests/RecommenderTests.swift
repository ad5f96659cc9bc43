import Hashing
import Model
import ScenarioTestKit
import SimulationKit
import Support
import Testing
import Vectors

@testable import Recommendation

/// What recommenders offer in play, against references that know everything.
@Suite struct RecommenderTests {
    private static func site(
        _ recommender: String, files: [String: String] = [:], _ change: (String) -> String = { $0 },
        rule: @escaping ScriptedSite.Rule = Answers.drawn
    ) throws -> ScriptedSite {
        try ScriptedSite(
            try ScriptedSite.package(files: files) {
                change($0.replacing("recommender: embedding", with: "recommender: \(recommender)"))
            }, rule: rule)
    }

    /// All ratings so far.
    private static func ratings(_ site: ScriptedSite) -> [FilmRating] {
        site.assets.population.agents.flatMap(site.ratings)
    }

    private static func names(_ films: [Int], _ site: ScriptedSite) -> Value {
        .list(films.map { .text(site.site.catalogue.films[$0].name) })
    }

    @Test func embeddingOffersTheNearestUnseenFilmsInDoubles() async throws {
        let site = try Self.site("embedding", rule: Answers.all("recommend"))
        let films = try site.site.catalogue.films.map { try Self.doubles($0.text) }
        for number in 1...3 as ClosedRange<UInt32> {
            let before = site.assets.population.agents.map { Set(site.ratings(of: $0).map(\.film)) }
            let round = try await site.play(number)
            for (user, offer) in zip(site.assets.population.agents, round.events("recommendation")) {
                let taste = try #require(site.assets.population.record(of: user)["taste"]?.text)
                let query = try Self.doubles(try #require(round.embedded.first { $0.contains(taste) }))
                let products = films.map { zip($0, query).reduce(0) { $0 + $1.0 * $1.1 } }
                let offered = try #require(offer["films"]?.list)
                let unseen = films.indices.filter { !before[Int(user.number)].contains($0) }
                let best = unseen.sorted { products[$0] > products[$1] }.prefix(5)
                // Vectors are rounded: what stands in fifth place may be as near as what stands in sixth.
                for (place, name) in offered.enumerated() {
                    let film = try #require(films.indices.first { .text(site.site.catalogue.films[$0].name) == name })
                    #expect(abs(products[film] - products[best[place]]) < 1e-3)
                }
            }
        }
    }

    private static func doubles(_ text: String) throws -> [Double] {
        let vector = try FixedVector(bytes: try ScriptedEmbedding.vector(text), dimension: ScriptedEmbedding.dimension)
        return vector.components.map { Double($0) / Double(FixedVector.one) }
    }

    @Test func popularityCountsAllRatingsOfTheRoundsBefore() async throws {
        let site = try Self.site("popularity", { $0.replacing("offered: 5", with: "offered: 4") })
        for number in 1...5 as ClosedRange<UInt32> {
            let before = Self.ratings(site)
            let seen = site.assets.population.agents.map { Set(site.ratings(of: $0).map(\.film)) }
            let round = try await site.play(number)
            let films = site.site.catalogue.films.indices
            func key(_ film: Int) -> (Int, Int) {
                let own = before.filter { $0.film == film }
                return (own.count, own.isEmpty ? 0 : own.reduce(0) { $0 + $1.halfStars } * 1_000 / own.count)
            }
            for tree in round.trees {
                guard let user = tree.turns.first?.agent, user != .environment else { continue }
                let offers = tree.orderedOperations.compactMap { entry -> [Value]? in
                    guard case .event("recommendation", let details) = entry.operation.operation else { return nil }
                    return details["films"]?.list
                }
                for offer in offers {
                    let offered = offer.compactMap { name in
                        films.first { .text(site.site.catalogue.films[$0].name) == name }
                    }
                    #expect(offered.count == 4)
                    let unseen = films.filter { !seen[Int(user.number)].contains($0) }
                    let best = unseen.map(key).sorted { $0 > $1 }.prefix(4)
                    #expect(offered.map(key).elementsEqual(best) { $0 == $1 })
                }
            }
        }
        #expect(!Self.ratings(site).isEmpty)
        // The environment keeps no ratings once they are counted.
        #expect(site.world["film_ratings"] == .list([]))
    }

    @Test func matrixFactorisationFitsAllRatingsOfTheRoundsBefore() async throws {
        let site = try Self.site("matrix-factorisation")
        let films = site.site.catalogue.films.count
        let model = MatrixFactorisation(rank: 8, sweeps: 8)
        for number in 1...4 as ClosedRange<UInt32> {
            let fit = FixedFit(model.fit(Self.ratings(site), films: films))
            let before = site.assets.population.agents.map(site.ratings)
            let round = try await site.play(number)
            for tree in round.trees {
                guard let user = tree.turns.first?.agent, user != .environment else { continue }
                let own = before[Int(user.number)]
                let row = FixedFit.row(model.userFactors(own, in: fit.fit))
                let unseen = (0..<films).filter { film in !own.contains { $0.film == film } }
                let best = unseen.map { fit.score($0, row) }.sorted { $0 > $1 }.prefix(5)
                for entry in tree.orderedOperations {
                    guard case .event("recommendation", let details) = entry.operation.operation else { continue }
                    let offered = (details["films"]?.list ?? []).compactMap { name in
                        (0..<films).first { .text(site.site.catalogue.films[$0].name) == name }
                    }
                    #expect(offered.map { fit.score($0, row) } == Array(best))
                }
            }
        }
        #expect(Self.ratings(site).count > 10)
        #expect(site.world["film_ratings"]?.list?.count == Self.ratings(site).count)
    }

    private static let movieLens = [
        "ml/movies.csv": "movieId,title,genres\n10,A (1990),X\n20,B (1991),Y\n30,C (1992),X\n40,D (1993),Y\n",
        "ml/ratings.csv": "userId,movieId,rating,timestamp\n1,30,4.5,0\n2,30,4.0,0\n1,20,2.0,0\n2,40,4.0,0\n",
    ]

    @Test(arguments: ["popularity", "matrix-factorisation"])
    func whatWasRatedBeforeTheRunCountsInItsFirstRound(recommender: String) async throws {
        let site = try Self.site(
            recommender, files: Self.movieLens,
            { $0.replacing("catalogue: recommendation/films.csv", with: "catalogue: ml") },
            rule: Answers.all("recommend"))
        let offers = try await site.play(1).events("recommendation")
        #expect(offers.count == site.assets.population.count)
        for offer in offers {
            let films = offer["films"]?.list ?? []
            #expect(films.count == 4 && films.first == .text("C (1992)"))
            #expect(recommender == "popularity" ? films.last == .text("A (1990)") : films.last == .text("B (1991)"))
        }
    }

    @Test func recommendersByChanceOfferEverythingInTheEnd() async throws {
        let films = "title,year,genres\n" + (1...12).map { "Film \($0),2000,X\n" }.joined()
        let site = try Self.site(
            "random", files: ["recommendation/films.csv": films], rule: Answers.all("recommend", pick: 0))
        var offered: Set<Value> = []
        for round in 1...3 as ClosedRange<UInt32> {
            for offer in try await site.play(round).events("recommendation") {
                offered.formUnion(offer["films"]?.list ?? [])
            }
        }
        #expect(offered.count == 12)
    }

    @Test func filmsThatNobodyHasRatedAreOfferedInTurn() async throws {
        let site = try Self.site("popularity", rule: Answers.all("recommend"))
        let offers = try await site.play(1).events("recommendation")
        #expect(Set(offers.compactMap { $0["films"]?.list?.first }).count > offers.count / 2)
    }

    @Test func aFieldThatAnInterventionHasSpoiledStopsNobody() {
        let spoiled: [Value?] = [nil, .text("x"), .list([.text("x"), .int(.max), .int(.min), .double(2)])]
        for value in spoiled {
            let numbers = WorldNumbers.numbers(value, 5, limit: 1 << 40)
            #expect(numbers.count == 5 && numbers.allSatisfy { abs($0) <= 1 << 40 })
        }
        _ = PopularityRecommender.scores(counts: [1 << 40], sums: [1 << 44])
    }

    @Test(arguments: [(155_000, 8, true), (156_000, 8, false), (50_000, 32, true), (60_000, 32, false)])
    func whatARoundCannotPassOnIsRefusedBeforeTheRun(films: Int, factors: Int, fits: Bool) throws {
        let catalogue = FilmCatalogue(films: (0..<films).map { Film(title: "Film \($0)", year: nil, genres: []) })
        let settings = RecommenderSettings(factors: factors, sweeps: 1)
        guard fits else {
            #expect(throws: UserError.self) { try MatrixFactorisationRecommender(catalogue, settings) }
            return
        }
        let fields = try MatrixFactorisationRecommender(catalogue, settings).environmentFields
        // What a turn that writes them counts.
        let bytes = fields.reduce(0) { $0 + Model.Operation.set(field: $1.key, value: $1.value).estimatedBytes }
        #expect(bytes <= 4 << 20 && bytes > 3 << 20)
    }

    @Test func onlyWhoLearnsHasTheEnvironmentTakeATurn() throws {
        for (name, learns) in [
            ("embedding", false), ("random", false), ("popularity", true), ("matrix-factorisation", true),
        ] {
            let site = try Self.site(name)
            #expect(site.site.hasEnvironmentTurn == learns)
            #expect(site.world.fields.isEmpty != learns)
            #expect(site.site.collections(of: site.assets.population).isEmpty == (name != "embedding"))
        }
    }
}
