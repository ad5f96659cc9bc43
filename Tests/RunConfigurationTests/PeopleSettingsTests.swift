import Model
import RunConfiguration
import SimulationKit
import Support
import Testing

/// Schedules and relations of a configuration.
@Suite struct PeopleSettingsTests {
    struct Town: Scenario {
        static let name = "town"
        static let parameters: [ParameterDefinition] = []

        init(parameters: ScenarioParameters) {}

        var agentTypes: [AgentTypeDefinition] {
            [
                AgentTypeDefinition(
                    name: "person",
                    fields: [
                        FieldDefinition("part", .text, visibility: .everyone),
                        FieldDefinition("secret", .text, initial: .null),
                    ])
            ]
        }
        var templates: [TemplateDefinition] { [] }
        func act(_ turn: Turn) async throws {}
        func estimate(agentsByType: [String: Int]) -> RoundEstimate {
            RoundEstimate(calls: (0, 0, 0), promptTokens: 0, memories: 0)
        }
    }

    private static let registry = ScenarioRegistry([Town.self])

    private static func yaml(_ more: String) -> String {
        """
        name: town
        scenario: { name: town, prompts: prompts }
        populations:
          person: { file: people.csv, format: csv, count: 40 }
        \(more)
        """
    }

    private static func package(_ more: String, files: [String: String] = [:]) throws -> RunPackage {
        let people = "id,part,secret\nann,north,\nbob,south,\"a \"\"b\"\",c\"\n"
        return try RunPackage.load(yaml: yaml(more), name: "c.yaml", registry: registry) { path in
            let name = path.split(separator: "/").last.map(String.init) ?? path
            if let text = (["people.csv": people].merging(files) { $1 })[name] { return Array(text.utf8) }
            guard name.hasSuffix(".mustache") else { throw UserError("no such file", at: path, exitCode: .noInput) }
            return []
        }
    }

    @Test func aPopulationMayBeATable() throws {
        let population = try Self.package("").population
        #expect(population.record(of: AgentID(number: 1)) == ["part": .text("south"), "secret": .text(#"a "b",c"#)])
        #expect(population.record(of: AgentID(number: 0)) == ["part": .text("north")])
    }

    @Test func aPopulationMayBeDrawnFromDistributions() throws {
        let drawn = Self.yaml("").replacing("people.csv, format: csv", with: "drawn.yaml, format: drawn")
        func load(_ yaml: String) throws -> RunPackage {
            try RunPackage.load(yaml: yaml, name: "c.yaml", registry: Self.registry) { path in
                Array((path == "drawn.yaml" ? "fields: { part: { choose: [north, south] } }" : "").utf8)
            }
        }
        let population = try load(drawn).population
        #expect(population.count == 40)
        let parts = population.agents.map { population.record(of: $0)["part"] }
        #expect(Set(parts) == [.text("north"), .text("south")])
        let other = try load("seed: 5\n" + drawn).population
        #expect(other.agents.map { other.record(of: $0)["part"] } != parts)
        let error = #expect(throws: UserError.self) { try load(drawn.replacing(", count: 40", with: "")) }
        #expect(error?.what == "the number of person agents is missing")
    }

    @Test func rulesAndRelationsAreReadAndWrittenBackAlike() throws {
        let package = try Self.package(
            """
            schedule:
              person: { all: [{ fraction: 0.25 }, { where: { part: [north, 3, true, "x\\"y"] } },
                { from: 2, every: 3 }, everyone] }
            relations:
              friends: { model: watts-strogatz, neighbours: 4, rewiring: 0.05, among: [person] }
              follows: { file: follows.csv, directed: true }
              knows: { model: erdos-renyi, mean: 2.5 }
              likes: { model: barabasi-albert, edges: 2 }
            """, files: ["follows.csv": "a,b\nann,bob\n"])
        let settings = package.configuration
        #expect(
            settings.schedule
                == TurnSchedule([
                    "person": .all([
                        .fraction(millionths: 250_000),
                        .having(field: "part", values: [.text("north"), .int(3), .bool(true), .text("x\"y")]),
                        .rounds(RoundSet(from: 2, every: 3)), .everyone,
                    ])
                ]))
        #expect(settings.relations.map(\.name) == ["follows", "friends", "knows", "likes"])
        let text = settings.effectiveYAML()
        #expect(try RunSettings.load(yaml: text, name: "again", registry: Self.registry) == settings)
        #expect(package.relations["follows"]?.neighbours(of: AgentID(number: 0)).map(\.number) == [1])
        #expect(package.relations["friends"]?.count == 80)
        #expect(package.relations["knows"]?.count == 50)
        #expect(package.files.map(\.path).contains("follows.csv"))
    }

    @Test func aGraphThatNoMachineHoldsIsRefusedBeforeItIsMade() throws {
        let yaml = Self.yaml("relations: { knows: { model: erdos-renyi, mean: 900000 } }")
            .replacing("count: 40", with: "count: 1000000")
        let people = "id,part\nann,north\n"
        let error = #expect(throws: UserError.self) {
            try RunPackage.load(yaml: yaml, name: "c.yaml", registry: Self.registry) { path in
                Array((path == "people.csv" ? people : "").utf8)
            }
        }
        #expect(error?.what == "the graph would have 450000000000 relations")
        #expect(error?.place == "relations.knows")
    }

    @Test func withoutThemTheConfigurationSaysNothingOfThem() throws {
        let text = try Self.package("").configuration.effectiveYAML()
        #expect(!text.contains("schedule") && !text.contains("relations"))
    }

    @Test(arguments: [
        ("schedule: { person: sometimes }", "sometimes is no rule"),
        ("schedule: { person: { fraction: 0.1, from: 2 } }", "a rule says one thing"),
        ("schedule: { person: {} }", "a rule says one thing"),
        ("schedule: { person: { fraction: 2 } }", "schedule.person.fraction must be from 0 to 1"),
        ("schedule: { person: { where: { secret: x } } }", "a person has no public field secret"),
        ("schedule: { person: { activity: parts } }", "a person has no public field parts"),
        ("schedule: { persons: everyone }", "unknown key schedule.persons"),
        ("schedule: { person: { all: [] } }", "all holds 1 to 32 rules"),
        ("relations: { x: { model: small-world } }", "small-world is no model of a graph"),
        ("relations: { x: { model: watts-strogatz, neighbours: 3 } }", "neighbours must be even"),
        ("relations: { x: { model: barabasi-albert, edges: 2, mean: 1 } }", "barabasi-albert has no mean"),
        ("relations: { x: { model: erdos-renyi } }", "the key mean is missing"),
        ("relations: { x: { file: a.csv, model: erdos-renyi } }", "x comes from a file and from a model"),
        (
            "relations: { x: { model: erdos-renyi, mean: 1, among: [people] } }",
            "relations.x.among holds an unknown name"
        ),
    ]) func whatCannotBeMeantIsRefused(_ more: String, _ what: String) {
        let error = #expect(throws: UserError.self) {
            try RunSettings.load(yaml: Self.yaml(more), name: "c.yaml", registry: Self.registry)
        }
        #expect(error?.what == what)
        #expect(error?.place.hasPrefix("c.yaml:") == true)
    }
}
