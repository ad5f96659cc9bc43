import Model
import SimulationKit

/// A scenario that is written in YAML alone: types of agents, what their turns consist of, and what is common to all.
///
/// A configuration writes it where others name theirs, under `scenario`; docs/declarative.md is its reference.
public struct DeclarativeScenario: Scenario {
    public static let name = "declarative"

    public static let parameters = [
        ParameterDefinition(
            definitionParameter, .document, about: "The scenario itself: agents, environment, templates.")
    ]

    /// Name of the parameter that holds the YAML.
    private static let definitionParameter = "definition"

    private let definition: ScenarioDefinition
    private let peers = Peers()

    /// A scenario from its YAML. Errors name the YAML's lines.
    public init(parameters: ScenarioParameters) throws {
        let yaml = parameters.text(Self.definitionParameter)
        definition = try DefinitionReader.read(yaml, file: ScenarioParameters.documentName)
    }

    public var agentTypes: [AgentTypeDefinition] { definition.agents.map(\.type) }

    public var templates: [TemplateDefinition] {
        let kit = Set(KitTemplates.definitions.map(\.name))
        return definition.templates.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            .filter { !kit.contains($0.name) }.map { TemplateDefinition($0.name, fields: $0.fields) }
    }

    public var templateTexts: [String: String] { definition.templates.mapValues(\.source) }

    public var relationNames: Set<String> { definition.relations }

    public func environmentFields(of population: Population) -> [String: Value] {
        definition.environment.fields.filter { !definition.environment.keyed.contains($0.key) }
    }

    public var hasEnvironmentTurn: Bool {
        !definition.environment.steps.isEmpty || definition.environment.stop != nil
    }

    public func acts(type: String) -> Bool {
        definition.agents.contains { $0.type.name == type && !$0.steps.isEmpty }
    }

    public func act(_ turn: Turn) async throws {
        guard let agent = definition.agents.first(where: { $0.type.name == turn.type }) else { return }
        var player = StepPlayer(turn, type: agent.type, definition, peers)
        try await player.play(agent.steps)
    }

    public func takeEnvironmentTurn(_ turn: Turn) async throws {
        var player = StepPlayer(turn, type: nil, definition, peers)
        try await player.play(definition.environment.steps)
        guard let stop = definition.environment.stop, try player.holds(stop) else { return }
        try turn.endRun()
    }

    public func summary(of events: [String: UInt64]) -> [String] {
        // Nothing is claimed in such a scenario.
        events.filter { !$0.key.hasPrefix("claims_") }.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map
        { name, count in
            let padding = String(repeating: " ", count: max(1, 18 - name.count))
            return "\(name)\(padding)\(count)"
        }
    }

    public func estimate(agentsByType: [String: Int]) -> RoundEstimate {
        var estimate = RoundEstimate(calls: (0, 0, 0), promptTokens: 600, memories: 0)
        for agent in definition.agents {
            let count = agentsByType[agent.type.name] ?? 0
            let cost = StepCost(agent.steps)
            estimate.calls.least += count * cost.least
            estimate.calls.likely += count * cost.likely
            estimate.calls.most += count * cost.most
            estimate.memories += count * cost.memories
        }
        return estimate
    }
}
