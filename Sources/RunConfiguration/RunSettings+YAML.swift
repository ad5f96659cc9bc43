import Model
import SimulationKit
import Support
import YAMLReading

extension RunSettings {
    /// Largest configuration that is read, in bytes.
    public static let maxBytes = 1 << 20
    /// Partitions of a run that says nothing about them.
    public static let defaultPartitions = 64

    /// Reads a configuration. `name` is what errors call the file. Every error is one of the configuration's.
    public static func load(yaml: String, name file: String, registry: ScenarioRegistry) throws -> RunSettings {
        guard yaml.utf8.count <= maxBytes else {
            throw UserError(
                "the configuration is larger than \(maxBytes >> 20) MiB", at: file,
                advice: "is this the right file?", exitCode: .configuration)
        }
        let root = try YAMLSection(
            yaml: yaml, file: file,
            keys: [
                "name", "seed", "rounds", "round_hours", "partitions", "scenario", "populations", "memory", "llm",
                "embedding", "limits", "schedule", "relations", "environment", "interventions",
            ])
        let (choice, scenario) = try scenario(root, yaml: yaml, file: file, registry: registry)
        let embedding = try root.section("embedding", keys: ["model", "vectors"])
        return RunSettings(
            name: try runName(root),
            seed: try root.unsigned("seed", default: 0),
            rounds: try root.int("rounds", 1...1_000_000, default: 1),
            roundHours: try root.int("round_hours", 1...1_000_000, default: 24),
            partitions: try root.int("partitions", 1...65_536, default: defaultPartitions),
            scenario: choice,
            populations: try populations(root, of: scenario),
            memory: try memory(root, of: scenario),
            llm: try models(root, of: scenario),
            embeddingModel: try embedding.optionalText("model"),
            vectors: try vectors(embedding),
            limits: try limits(root),
            schedule: try schedule(root, of: scenario),
            relations: try relations(root, of: scenario),
            environment: try environment(root),
            interventions: try interventions(root))
    }

    /// The run's name. Its folder is called after it.
    private static func runName(_ root: YAMLSection) throws -> String {
        let name = try root.text("name")
        let isUsable =
            (1...64).contains(name.utf8.count) && !name.hasPrefix(".")
            && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") }
        guard isUsable else {
            throw root.error(
                "the run's name is not usable", key: "name",
                advice:
                    "1 to 64 bytes without slashes and control characters, and no dot in front: its folder is called so"
            )
        }
        return name
    }

    private static func populations(
        _ root: YAMLSection, of scenario: any Scenario
    ) throws -> [PopulationChoice] {
        let types = scenario.agentTypes.map(\.name)
        let section = try root.section("populations", keys: types)
        if let missing = types.first(where: { !section.has($0) }) {
            throw root.error(
                "the population of type \(missing) is missing", key: "populations",
                advice: "add populations.\(missing) with its file")
        }
        return try section.keys.map { type in
            let entry = try section.section(type, keys: ["file", "format", "count"])
            let format = try entry.optionalText("format") ?? PopulationFormat.json.rawValue
            guard let known = PopulationFormat(rawValue: format) else {
                let names = PopulationFormat.allCases.map(\.rawValue)
                throw entry.error(
                    "populations.\(type).format is unknown", key: "format",
                    advice: "one of \(names.joined(separator: ", "))")
            }
            return PopulationChoice(
                type: type, file: try entry.text("file"), format: known,
                count: entry.has("count") ? try entry.int("count", 0...Population.maxAgents) : nil)
        }
    }

    private static func models(
        _ root: YAMLSection, of scenario: any Scenario
    ) throws -> ModelChoice {
        let section = try root.section(
            "llm",
            keys: [
                "model", "temperature", "top_p", "max_reply_tokens", "prompt_tokens", "reflection_tokens",
                "count_tokens", "max_attempts", "memory_model", "distributions", "sharing",
            ])
        let sharing = try section.section("sharing", keys: ["priority", "weight", "in_flight"])
        return ModelChoice(
            model: try section.optionalText("model"),
            temperature: UInt32(try section.decimal("temperature", digits: 3, 0...5_000, default: 700)),
            topP: UInt32(try section.decimal("top_p", digits: 3, 1...1_000, default: 1_000)),
            maxReplyTokens: try section.int("max_reply_tokens", 1...1_000_000, default: 512),
            promptTokens: try section.int("prompt_tokens", 64...10_000_000, default: 6_000),
            reflectionTokens: try section.int("reflection_tokens", 64...10_000_000, default: 3_000),
            countTokens: try section.bool("count_tokens", default: true),
            maxAttempts: try section.int("max_attempts", 1...16, default: 3),
            memoryModel: try section.optionalText("memory_model"),
            distributions: try distributions(section, of: scenario),
            sharing: Sharing(
                priority: try sharing.int("priority", 0...9, default: 4),
                weight: try sharing.int("weight", 1...1_000, default: 100),
                inFlight: try sharing.int("in_flight", 0...1_000_000, default: 0)))
    }

    private static func vectors(_ section: YAMLSection) throws -> VectorFormat {
        guard let text = try section.optionalText("vectors") else { return .float16 }
        guard let format = VectorFormat(rawValue: text) else {
            let names = VectorFormat.allCases.map(\.rawValue)
            throw section.error(
                "embedding.vectors is unknown", key: "vectors", advice: "one of \(names.joined(separator: ", "))")
        }
        return format
    }

    private static func limits(_ root: YAMLSection) throws -> Limits {
        let section = try root.section(
            "limits", keys: ["failure_rate", "root_window", "calls_per_tree", "depth", "snapshot_rounds"])
        return Limits(
            failuresPerMillion: try section.decimal("failure_rate", digits: 6, 0...1_000_000, default: 50_000),
            rootWindow: try section.int("root_window", 1...1_000_000, default: 16_384),
            callsPerTree: try section.int("calls_per_tree", 1...1_000_000, default: 4_096),
            depth: try section.int("depth", 1...64, default: 8),
            snapshotRounds: try section.int("snapshot_rounds", 0...1_000_000, default: 1))
    }
}
