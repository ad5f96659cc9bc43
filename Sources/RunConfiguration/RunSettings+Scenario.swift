import SimulationKit
import Support
import YAMLReading

extension RunSettings {
    private static let keys = ["name", "parameters", "prompts"]

    /// What is played: a scenario's name with its parameters, or a scenario that stands there itself.
    static func scenario(
        _ root: YAMLSection, yaml: String, file: String, registry: ScenarioRegistry
    ) throws -> (choice: ScenarioChoice, scenario: any Scenario) {
        let any = try root.section("scenario", keys: nil)
        guard !any.has("name"), let inline = inlineType(registry), !any.keys.isEmpty else {
            let section = try root.section("scenario", keys: keys)
            let type = try scenarioType(section, registry: registry)
            let settings = try parameters(section, of: type)
            let scenario = try build(type, settings, file: file)
            let hasTexts = !scenario.templateTexts.isEmpty
            let prompts = hasTexts ? try section.optionalText("prompts") ?? "" : try section.text("prompts")
            return (ScenarioChoice(name: type.name, parameters: settings, prompts: prompts), scenario)
        }
        let definition = try root.source(of: "scenario", in: yaml)
        let settings = [inline.parameter: ScenarioParameters.Setting.text(definition)]
        let scenario = try build(inline.type, settings, file: file)
        let prompts = try any.optionalText("prompts") ?? ""
        return (ScenarioChoice(name: inline.type.name, parameters: settings, prompts: prompts), scenario)
    }

    /// The type of scenarios that are written in the configuration, and the parameter that takes what is written.
    private static func inlineType(_ registry: ScenarioRegistry) -> (type: any Scenario.Type, parameter: String)? {
        for type in registry.types {
            if let definition = type.parameters.first(where: { $0.kind == .document }) {
                return (type, definition.name)
            }
        }
        return nil
    }

    /// Errors of a scenario's own document are errors of the file in which it stands.
    private static func build(
        _ type: any Scenario.Type, _ settings: [String: ScenarioParameters.Setting], file: String
    ) throws -> any Scenario {
        do {
            return try type.init(parameters: ScenarioParameters(definitions: type.parameters, settings: settings))
        } catch var error as UserError {
            let prefix = ScenarioParameters.documentName + ":"
            if error.place.hasPrefix(prefix) { error.place = "\(file):\(error.place.dropFirst(prefix.count))" }
            throw error
        }
    }

    private static func scenarioType(
        _ section: YAMLSection, registry: ScenarioRegistry
    ) throws -> any Scenario.Type {
        let name = try section.text("name")
        guard registry.names.contains(name) else {
            let place = section.error("", key: "name").place
            return try registry.type(named: name, at: place)
        }
        return try registry.type(named: name, at: "")
    }

    private static func parameters(
        _ scenario: YAMLSection, of type: any Scenario.Type
    ) throws -> [String: ScenarioParameters.Setting] {
        let section = try scenario.section("parameters", keys: type.parameters.map(\.name))
        var settings: [String: ScenarioParameters.Setting] = [:]
        for definition in type.parameters where section.has(definition.name) {
            let name = definition.name
            switch definition.kind {
            case .int(let fallback, let range):
                settings[name] = .int(try section.int(name, range, default: fallback))
            case .bool(let fallback): settings[name] = .bool(try section.bool(name, default: fallback))
            case .text: settings[name] = .text(try section.text(name))
            case .document: settings[name] = .text(try section.block(name) ?? "")
            }
        }
        return settings
    }
}
