import Model
import SimulationKit
import Support

/// A film site: users have films recommended to them, see one and rate it, talk with friends about films, or write a
/// post that all friends read in the next round.
public struct RecommendationScenario: Scenario {
    public static let name = "recommendation"

    public static let parameters = [
        ParameterDefinition(
            "catalogue", .text(default: ""),
            about: "The films: a CSV file (title, year, genres), the original's JSON, or a MovieLens folder."),
        ParameterDefinition(
            "recommender", .text(default: EmbeddingRecommender.name),
            about: "What films are offered: embedding, popularity, random or matrix-factorisation."),
        ParameterDefinition("offered", .int(default: 5, 1...50), about: "Films that are offered at a time."),
        ParameterDefinition("dialogue_lines", .int(default: 4, 2...40), about: "Most lines of a talk with a friend."),
        ParameterDefinition(
            "friends_shown", .int(default: 8, 1...100), about: "Friends among whom one to talk with is chosen."),
        ParameterDefinition("posts_read", .int(default: 5, 0...100), about: "Most posts that a user reads in a round."),
        ParameterDefinition("factors", .int(default: 8, 1...32), about: "Matrix factorisation: numbers for each film."),
        ParameterDefinition("sweeps", .int(default: 8, 1...100), about: "Matrix factorisation: rounds of refinement."),
    ]

    /// The type of its agents.
    static let user = "user"
    /// The relation that holds friends. Where a configuration has none, nobody has friends.
    static let friends = "friends"
    static let collection = "films"
    /// What memories are recalled by.
    static let topic = "films, and what to see next"

    /// Names of the events that it notes.
    enum Events {
        static let asked = "recommendation"
        static let rated = "rated"
        static let declined = "declined"
        static let talked = "conversation"
        static let posted = "post"
        static let read = "post_read"
    }

    let catalogueFile: String
    let offered: Int
    let dialogueLines: Int
    let friendsShown: Int
    let postsRead: Int
    private let recommenderType: any Recommender.Type
    private let recommenderSettings: RecommenderSettings
    private(set) var catalogue = FilmCatalogue()
    private(set) var recommender: any Recommender

    public init(parameters: ScenarioParameters) throws {
        catalogueFile = parameters.text("catalogue")
        offered = parameters.int("offered")
        dialogueLines = parameters.int("dialogue_lines")
        friendsShown = parameters.int("friends_shown")
        postsRead = parameters.int("posts_read")
        recommenderSettings = RecommenderSettings(
            factors: parameters.int("factors"), sweeps: parameters.int("sweeps"))
        recommenderType = try Recommenders.type(
            named: parameters.text("recommender"), at: "scenario.parameters.recommender")
        recommender = try recommenderType.init(catalogue, recommenderSettings)
    }

    public mutating func load(_ read: (String) throws -> [UInt8]) throws {
        guard !catalogueFile.isEmpty else {
            throw UserError(
                "there is no catalogue of films", at: "scenario.parameters.catalogue",
                advice: "name one, such as recommendation/films.csv", exitCode: .configuration)
        }
        catalogue = try FilmCatalogue.read(catalogueFile, needsRatings: recommenderType.learns, read)
        recommender = try recommenderType.init(catalogue, recommenderSettings)
    }

    public var agentTypes: [AgentTypeDefinition] {
        [
            AgentTypeDefinition(
                name: Self.user,
                fields: [
                    FieldDefinition("name", .text, visibility: .everyone),
                    FieldDefinition("occupation", .text, visibility: .everyone, initial: .text("")),
                    FieldDefinition("age", .int, initial: .null),
                    FieldDefinition("gender", .text, initial: .null),
                    FieldDefinition("traits", .text, initial: .text("")),
                    FieldDefinition("taste", .text, initial: .text(""), aliases: ["interest"]),
                    FieldDefinition("ratings", .list, mutability: .dynamic, initial: .list([])),
                ])
        ]
    }

    /// Only the recommender by embedding searches.
    public func collections(of population: Population) -> [CollectionDefinition] {
        guard recommender is EmbeddingRecommender else { return [] }
        return [
            CollectionDefinition(
                name: Self.collection, items: catalogue.films.map { CollectionDefinition.Item(text: $0.text) })
        ]
    }

    public func environmentFields(of population: Population) -> [String: Value] { recommender.environmentFields }

    public var hasEnvironmentTurn: Bool { recommenderType.learns }

    public func takeEnvironmentTurn(_ turn: Turn) async throws { try recommender.learn(turn) }

    public func act(_ turn: Turn) async throws { try await UserTurn(turn: turn, site: self).act() }
}
