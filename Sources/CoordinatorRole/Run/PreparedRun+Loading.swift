import Foundation
import Model
import RunConfiguration
import SimulationKit
import Support

extension PreparedRun {
    /// Largest file of a run: it travels to the recorder and to hosts as one message.
    private static let maxFileBytes = 48 << 20

    /// Reads and checks a configuration and every file that it names, with the overrides of the command line.
    static func load(_ options: RunOptions, _ registry: ScenarioRegistry) throws -> PreparedRun {
        guard let config = options.config else { preconditionFailure("a new run has a configuration") }
        let path = FilePaths.absolute(config)
        let yaml = String(decoding: try read(path, shownAs: config), as: UTF8.self)
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        var settings = try RunSettings.load(yaml: yaml, name: config, registry: registry)
        if let seed = options.seed { settings.seed = seed }
        if let rounds = options.rounds { settings.rounds = Int(rounds) }
        if let partitions = options.partitions { settings.partitions = Int(partitions) }
        if let model = options.model { settings.llm.model = model }
        if let model = options.embeddingModel { settings.embeddingModel = model }
        var package = try RunPackage(settings, registry: registry) { file in
            try read(folder.appending(path: file).path(percentEncoded: false), shownAs: file)
        }
        if let agents = options.agents {
            let known = Dictionary(package.files.map { ($0.path, $0.bytes) }) { first, _ in first }
            try settings.setAgents(agents, recordCounts: package.population.countsByType)
            package = try RunPackage(settings, registry: registry) { file in try recorded(file, in: known) }
        }
        return PreparedRun(package)
    }

    /// Builds a run from what its recording holds.
    static func load(
        _ definition: RunDefinition, files: [String: [UInt8]], _ registry: ScenarioRegistry
    ) throws -> PreparedRun {
        PreparedRun(
            try RunPackage.load(
                yaml: definition.configuration, name: "the run's configuration", registry: registry
            ) { file in try recorded(file, in: files) })
    }

    private init(_ package: RunPackage) {
        let settings = package.configuration
        let hasCollections = !package.scenario.collections(of: package.population).isEmpty
        let keepsLongTerm = settings.memory.kind.keepsLongTerm
        self.init(
            name: settings.name, seed: settings.seed, rounds: UInt32(clamping: settings.rounds),
            partitions: UInt32(clamping: settings.partitions), secondsPerRound: Int64(settings.roundHours) * 3600,
            toleratedFailures: UInt64(clamping: settings.limits.failuresPerMillion), model: settings.llm.model,
            memoryModel: settings.llm.memoryModel, countsTokens: settings.llm.countTokens,
            embeddingModel: settings.embeddingModel, vectors: settings.vectors,
            maxReplyTokens: settings.llm.maxReplyTokens,
            needsEmbedding: keepsLongTerm || hasCollections, ratesMemories: keepsLongTerm,
            yaml: settings.effectiveYAML(), files: package.files.map { File(path: $0.path, bytes: $0.bytes) },
            scenario: package.scenario, population: package.population,
            relations: Set(package.relations.keys), interventions: settings.interventions)
    }

    private static func recorded(_ path: String, in files: [String: [UInt8]]) throws(UserError) -> [UInt8] {
        guard let bytes = files[path] else {
            throw UserError(
                "the run holds no file of that name", at: path,
                advice: "the recording is incomplete: check it by coordinator verify", exitCode: .dataError)
        }
        return bytes
    }

    private static func read(_ path: String, shownAs name: String) throws(UserError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path), !FilePaths.isFolder(path) else {
            throw UserError(
                "the file is missing or cannot be read", at: name,
                advice: "paths in a configuration start from its own folder", exitCode: .noInput)
        }
        guard data.count <= maxFileBytes else {
            throw UserError(
                "the file has \(Amount.bytes(UInt64(data.count))), "
                    + "and at most \(Amount.bytes(UInt64(maxFileBytes))) go",
                at: name, advice: "keep fewer records: --agents makes more agents of them", exitCode: .dataError)
        }
        return Array(data)
    }
}
