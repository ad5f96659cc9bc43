import Model
import Scenarios
import SimulationKit

/// Catalogues of films and their ratings: the first byte chooses the file, the rest is what stands in it.
enum CatalogueReading {
    private static let files = ["films.csv", "items.json", "folder/movies.csv", "folder/ratings.csv"]
    /// What stands in a folder's other file.
    private static let others = [
        "folder/movies.csv": "movieId,title,genres\n1,Heat (1995),Action|Crime\n2,Up (2009),Family\n",
        "folder/ratings.csv": "userId,movieId,rating,timestamp\n1,1,3.5,0\n",
    ]

    static func check(_ input: [UInt8]) throws {
        guard let (file, bytes) = choice(of: files, by: input) else { return }
        let catalogue = file.hasPrefix("folder/") ? "folder" : file
        let type = try ScenarioRegistry.builtIn.type(named: "recommendation", at: "fuzzing")
        func scenario(_ recommender: String) throws -> any Scenario {
            try type.init(
                parameters: ScenarioParameters(
                    definitions: type.parameters,
                    settings: ["catalogue": .text(catalogue), "recommender": .text(recommender)]))
        }
        func read(_ path: String) -> [UInt8] { path == file ? bytes : Array((others[path] ?? "").utf8) }
        var learning = try scenario("matrix-factorisation")
        guard (try? learning.load(read)) != nil else { return }
        var searching = try scenario("embedding")
        guard (try? searching.load(read)) != nil else {
            throw BrokenPromise("a catalogue needs its ratings to be read")
        }
        let population = try Population([])
        let items = searching.collections(of: population).flatMap(\.items)
        try BrokenPromise.unless(!items.isEmpty, "a catalogue without films is accepted")
        try BrokenPromise.unless(Set(items.map(\.text)).count == items.count, "two films are one")
        let fit = learning.environmentFields(of: population)
        try BrokenPromise.unless(
            fit["film_biases"]?.list?.count == items.count, "the fit has another number of films")
    }
}
