import SimulationKit
import YAMLReading

extension RunSettings {
    /// The actions, by their templates' names, whose choices are drawn from the model's distribution; sorted, since
    /// their order means nothing.
    static func distributions(
        _ llm: YAMLSection, of scenario: any Scenario
    ) throws -> [String] {
        return try llm.names("distributions", from: scenario.templates.map(\.name)).sorted()
    }
}
