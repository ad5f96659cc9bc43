import Model
import SimulationKit
import Support

/// A memory that the scenario brings along.
struct GoldfishMemory: MemoryPolicy {
    static let name = "no \"gold\": fish"
}

/// One that has the name of another.
struct NamesakeMemory: MemoryPolicy {
    static let name = "short-long"
}

/// A scenario small enough to break in every way.
struct TestScenario: Scenario {
    static let name = "test"
    static let parameters = [
        ParameterDefinition("size", .int(default: 3, 1...9), about: "A size."),
        ParameterDefinition("loud", .bool(default: false), about: "A flag."),
        ParameterDefinition("word", .text(default: "hm"), about: "A text."),
    ]

    let size: Int

    init(parameters: ScenarioParameters) { size = parameters.int("size") }

    var agentTypes: [AgentTypeDefinition] {
        [AgentTypeDefinition(name: "talker", fields: [FieldDefinition("name", .text)])]
    }
    var templates: [TemplateDefinition] { [TemplateDefinition("say", fields: ["name"])] }
    var memories: [any MemoryPolicy.Type] { [GoldfishMemory.self, NamesakeMemory.self] }
    func act(_ turn: Turn) async throws {}
    func estimate(agentsByType: [String: Int]) -> RoundEstimate {
        RoundEstimate(calls: (0, 0, 0), promptTokens: 0, memories: 0)
    }

    static let registry = ScenarioRegistry([TestScenario.self])

    /// The files that `minimal` names.
    static let files: [String: String] = [
        "people.json": #"[{"id": "ann", "name": "Ann"}, {"id": "bob", "name": "Bob"}]"#,
        "prompts/say.mustache": "Say something, {{name}}.\n",
        "prompts/memory.mustache": "{{#short}}{{text}}{{/short}}",
        "prompts/importance.mustache": "{{text}}",
        "prompts/questions.mustache": "{{#entries}}{{text}}{{/entries}}",
        "prompts/insights.mustache": "{{question}}",
    ]

    static let minimal = """
        name: small
        scenario: { name: test, prompts: prompts }
        populations:
          talker: { file: people.json, count: 5 }
        """
}
