import Hashing
import Model
import SimulationKit
import Support

/// A run ready to be started or taken part in: its configuration with everything that it names, by content. Built
/// from a folder by whoever starts a run, and from the recorded files by whoever joins it.
public struct RunPackage: Sendable {
    /// The configuration.
    public let configuration: RunSettings
    /// The scenario.
    public let scenario: any Scenario
    /// The agents.
    public let population: Population
    /// Who is related to whom at the start, by the relation's name.
    public let relations: [String: RelationGraph]
    /// The prompt templates.
    public let prompts: PromptLibrary
    /// Every file that was read, by path relative to the configuration's folder, in the order of reading.
    public let files: [(path: String, bytes: [UInt8])]

    /// Reads a configuration and every file that it names. `read` gives a file's bytes by its path relative to the
    /// configuration's folder, and throws an error for people where it cannot.
    public static func load(
        yaml: String, name: String, registry: ScenarioRegistry, read: (String) throws -> [UInt8]
    ) throws -> RunPackage {
        let settings = try RunSettings.load(yaml: yaml, name: name, registry: registry)
        return try RunPackage(settings, registry: registry, read: read)
    }

    /// Reads every file that checked settings name.
    public init(_ settings: RunSettings, registry: ScenarioRegistry, read: (String) throws -> [UInt8]) throws {
        let type = try registry.type(named: settings.scenario.name, at: "scenario.name")
        var scenario = try type.init(
            parameters: ScenarioParameters(definitions: type.parameters, settings: settings.scenario.parameters))
        var files: [(path: String, bytes: [UInt8])] = []
        /// Reads each file once.
        func bytes(_ path: String) throws -> [UInt8] {
            if let known = files.first(where: { $0.path == path }) { return known.bytes }
            let bytes = try read(path)
            files.append((path, bytes))
            return bytes
        }
        try scenario.load(bytes)
        prompts = try Self.prompts(of: scenario, folder: settings.scenario.prompts, read: bytes)
        population = try Self.population(of: scenario, settings: settings, read: bytes)
        relations = try Self.relations(settings, population: population, read: bytes)
        for (place, intervention) in settings.interventions.enumerated() {
            try intervention.check(
                population: population, types: scenario.agentTypes, relations: Set(relations.keys),
                at: "interventions[\(place)]")
        }
        self.files = files
        self.scenario = scenario
        configuration = settings
    }

    /// Largest template, in bytes.
    private static let maxTemplateBytes = 1 << 20

    private static func prompts(
        of scenario: any Scenario, folder: String, read: (String) throws -> [UInt8]
    ) throws -> PromptLibrary {
        let definitions = scenario.templates + KitTemplates.definitions
        let optional = scenario.optionalTemplates.union(KitTemplates.optional)
        var sources = KitTemplates.texts.merging(scenario.templateTexts) { $1 }
        // Without a folder, what the scenario does not bring is missing.
        for definition in definitions where !folder.isEmpty {
            let path = "\(folder)/\(definition.name)\(PromptLibrary.fileExtension)"
            let bytes: [UInt8]
            do {
                bytes = try read(path)
            } catch {
                if optional.contains(definition.name) || sources[definition.name] != nil { continue }
                throw error
            }
            guard bytes.count <= maxTemplateBytes, let text = String(validating: bytes, as: UTF8.self) else {
                throw UserError(
                    "the template is no UTF-8 text of at most \(maxTemplateBytes >> 20) MiB", at: path,
                    advice: "save it as UTF-8", exitCode: .dataError)
            }
            sources[definition.name] = text
        }
        return try PromptLibrary(sources: sources, definitions: definitions, optional: optional, folder: folder)
    }

    private static func population(
        of scenario: any Scenario, settings: RunSettings, read: (String) throws -> [UInt8]
    ) throws -> Population {
        var groups: [Population.Group] = []
        for type in scenario.agentTypes {
            guard let choice = settings.populations.first(where: { $0.type == type.name }) else {
                throw UserError(
                    "the population of type \(type.name) is missing", at: "populations",
                    advice: "add populations.\(type.name) with its file", exitCode: .configuration)
            }
            let records = try records(of: type, choice, seed: RunSeed(settings.seed), read: read)
            groups.append(Population.Group(type: type, records: records, count: choice.count ?? records.count))
        }
        return try Population(groups)
    }

    private static func records(
        of type: AgentTypeDefinition, _ choice: RunSettings.PopulationChoice, seed: RunSeed,
        read: (String) throws -> [UInt8]
    ) throws -> [ProfileRecord] {
        let bytes = try read(choice.file)
        guard choice.format == .drawn else {
            return try PopulationReader(type: type, format: choice.format, file: choice.file).records(in: bytes)
        }
        guard bytes.count <= RunSettings.maxBytes, let text = String(validating: bytes, as: UTF8.self) else {
            throw UserError(
                "the distributions are no UTF-8 text of at most \(RunSettings.maxBytes >> 20) MiB", at: choice.file,
                advice: "is this the right file?", exitCode: .dataError)
        }
        guard let count = choice.count else {
            throw UserError(
                "the number of \(type.name) agents is missing", at: "populations.\(type.name)",
                advice: "distributions have none: add count", exitCode: .configuration)
        }
        return try PopulationSpec(yaml: text, file: choice.file).records(count, of: type, seed: seed)
    }
}
