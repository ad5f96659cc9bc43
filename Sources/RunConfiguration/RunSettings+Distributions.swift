import SimulationKit

extension RunSettings {
    /// The actions, by their templates' names, whose choices are drawn from the model's distribution; sorted, since
    /// their order means nothing.
    static func distributions(
        _ llm: YAMLSection, of type: any Scenario.Type, choice: ScenarioChoice
    ) throws -> [String] {
        guard llm.has("distributions") else { return [] }
        let scenario = try type.init(
            parameters: ScenarioParameters(definitions: type.parameters, settings: choice.parameters))
        return try llm.names("distributions", from: scenario.templates.map(\.name)).sorted()
    }
}
