import Foundation
import RunConfiguration
import SimulationKit
import Support
import TestKit
import Testing

@testable import Recommendation

/// The configurations that ship, and the original's items.
@Suite struct RecommendationFilesTests {
    @Test(arguments: [("recommendation.yaml", 16), ("recommendation-town.yaml", 1_000)])
    func theShippedConfigurationsLoad(name: String, users: Int) throws {
        let package = try ScriptedSite.package(name)
        #expect(package.population.countsByType == ["user": users])
        #expect(package.relations["friends"] != nil)
        #expect(package.files.contains { $0.path == "recommendation/films.csv" })
    }

    @Test func theCatalogueHasHundredsOfFilmsWithYearAndGenres() throws {
        let package = try ScriptedSite.package()
        let films = try #require(package.scenario as? RecommendationScenario).catalogue.films
        #expect(films.count >= 300)
        #expect(Set(films.map(\.name)).count == films.count)
        #expect(films.allSatisfy { (1888...2026).contains($0.year ?? 0) && !$0.genres.isEmpty })
        // Few genres, each for many films: a typing error would be one of its own.
        let genres = Dictionary(grouping: films.flatMap(\.genres)) { $0 }.mapValues(\.count)
        #expect(genres.count < 25 && genres.values.allSatisfy { $0 > 5 }, "\(genres)")
    }

    @Test func theTownsUsersHaveATasteOfTheirOwn() throws {
        let population = try ScriptedSite.package("recommendation-town.yaml").population
        let tastes = Set(population.agents.compactMap { population.record(of: $0)["taste"]?.text })
        #expect(tastes.count > 100)
    }

    @Test(arguments: [
        ("recommender: embedding", "recommender: best", "there is no recommender best"),
        ("catalogue: recommendation/films.csv", "offered: 4", "there is no catalogue of films"),
    ])
    func aConfigurationThatCannotBePlayedIsRefused(old: String, new: String, what: String) throws {
        let error = #expect(throws: UserError.self) {
            try ScriptedSite.package { yaml in
                let changed = yaml.replacing(old, with: new)
                return new.hasPrefix("offered") ? changed.replacing("    offered: 5", with: "    sweeps: 5") : changed
            }
        }
        #expect(error?.what == what)
    }

    /// Where the original's files lie: named by the environment, or beside the checkout.
    static let originals: URL? = {
        let named = ProcessInfo.processInfo.environment["GENSIM_ORIGINAL_DATA"].map { URL(filePath: $0) }
        let beside = ShippedConfigurations.folder.appending(path: "../../shared/data/gensim").standardizedFileURL
        return [named, beside].compactMap { $0 }.first {
            FileManager.default.fileExists(atPath: $0.appending(path: "item_infos.json").path)
        }
    }()

    @Test(.enabled(if: originals != nil, "the original's items are not at hand"))
    func theOriginalsItemsLoadAsTheyAre() throws {
        let file = try #require(Self.originals).appending(path: "item_infos.json")
        let catalogue = try FilmCatalogue.read("item_infos.json", needsRatings: true) { _ in
            Array(try Data(contentsOf: file))
        }
        #expect(catalogue.films.count > 9_900)
        #expect(
            catalogue.films[0]
                == Film(
                    title: "Toy Story", year: 1995, genres: ["Adventure", "Animation", "Children", "Comedy", "Fantasy"])
        )
        #expect(catalogue.films.count { $0.year != nil } > 9_900)
    }
}
