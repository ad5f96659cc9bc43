import JSON
import Support
import YAMLReading

/// A scenario of the original, the published Python prototype, as a run's configuration of ours.
public struct OriginalImport: Sendable {
    /// The configuration.
    public private(set) var configuration = ""
    /// Name of our scenario.
    public private(set) var scenario = ""
    /// Files to be copied as they are, by their names in the folder.
    public private(set) var copied: [String] = []
    /// Files that are written anew.
    public private(set) var written: [(name: String, bytes: [UInt8])] = []
    /// What has no counterpart, or has to be decided by a person; a sentence each.
    public private(set) var notes: [String] = []

    /// Name of the configuration's file.
    public static let configurationName = "run.yaml"
    /// Folder of the prompts, beside the configuration.
    public static let promptsFolder = "prompts"

    /// Our scenarios by the original's classes of agents, with the type that each class is.
    private static let classes: [String: (scenario: String, type: String)] = [
        "SeekerAgent": ("job-market", "seeker"), "InterviewerAgent": ("job-market", "interviewer"),
        "RecUserAgent": ("recommendation", "user"), "ChattingAgent": ("group-discussion", "member"),
    ]
    private static let memories = [
        "NoneMemory": "none", "ShortMemory": "short", "ShortLongMemory": "short-long",
        "ShortLongReflectionMemory": "short-long-reflection",
    ]
    /// What the original needs to know of its processes, and a run of ours does not.
    private static let unneeded: [String: String] = [
        "host": "processes find each other", "base_port": "processes find each other",
        "server_num_per_host": "give --hosts N to coordinator run",
        "load_simulator_path": "use coordinator run --resume",
        "runtime_id": "each run has a folder", "model_configs_path": "found by its name",
    ]

    private let folder: OriginalFolder
    private var lines: [String] = []

    /// Translates a folder's files; `files` are their names with contents, in the order of the names.
    public init(files: [(name: String, bytes: [UInt8])]) throws(UserError) {
        folder = try OriginalFolder(files)
        guard let simulation = folder.simulation else {
            throw UserError(
                "there is no simulation file", advice: "look for a folder with simulation_config.yml in it",
                exitCode: .noInput)
        }
        let root = try YAMLSection(yaml: simulation.text, file: simulation.name, keys: nil)
        scenario = try chosenScenario()
        try translate(root, files)
        configuration = lines.joined(separator: "\n") + "\n"
    }

    private mutating func chosenScenario() throws(UserError) -> String {
        var found: [String] = []
        for agents in folder.agents {
            guard let known = Self.classes[agents.className] else {
                notes.append("\(agents.file): there is no counterpart of the class \(agents.className)")
                continue
            }
            if !found.contains(known.scenario) { found.append(known.scenario) }
        }
        guard let scenario = found.first else {
            throw UserError(
                "no file holds agents of a class that is known", at: "the folder",
                advice: "known classes: \(Self.classes.keys.sorted().joined(separator: ", "))", exitCode: .dataError)
        }
        guard found.count == 1 else {
            throw UserError(
                "the agents belong to several scenarios: \(found.joined(separator: ", "))", at: "the folder",
                advice: "put each scenario into a folder of its own", exitCode: .dataError)
        }
        return scenario
    }

    // MARK: The parts of the configuration

    private mutating func translate(
        _ root: YAMLSection, _ files: [(name: String, bytes: [UInt8])]
    ) throws(UserError) {
        let name = try root.optionalText("project_name") ?? scenario
        lines = ["# From the original's \(folder.simulation?.name ?? "")."]
        lines.append("name: \(Self.quoted(name))")
        lines.append("rounds: \(try root.int("round_n", 1...1_000_000, default: 1))")
        lines += ["scenario:", "  name: \(scenario)", "  prompts: \(Self.promptsFolder)"]
        try addParameters(root)
        lines.append("populations:")
        try addPopulations(name, files)
        addMemory()
        addModels()
        for key in root.keys.sorted() where !Self.translated.contains(key) {
            notes.append(
                "\(key): \(Self.unneeded[key].map { "not needed, \($0)" } ?? "has no counterpart")")
        }
        for other in folder.others { notes.append("\(other): not read") }
        if root.isList("embedding_api") || root.isScalar("embedding_api") {
            let urls = try root.scalars("embedding_api").compactMap(\.text)
            notes.append(
                "embedding_api: give the servers when a run starts: "
                    + urls.map { "--embedding \($0)" }.joined(separator: " "))
        }
    }

    private static let translated: Set<String> = [
        "project_name", "round_n", "embedding_api", "agent_configs_paths", "pool_size", "item_infos_path",
    ]

    private mutating func addParameters(_ root: YAMLSection) throws(UserError) {
        var parameters: [String] = []
        if root.has("pool_size") {
            if scenario == "job-market" {
                parameters.append("    pool_size: \(try root.int("pool_size", 1...1_000_000))")
            } else {
                notes.append("pool_size: \(scenario) has no such parameter")
            }
        }
        if scenario == "recommendation" {
            guard let items = folder.items else {
                throw UserError(
                    "the items are missing", at: "item_infos.json", advice: "copy the original's file there",
                    exitCode: .noInput)
            }
            parameters.append("    catalogue: \(Self.quoted(items))")
            copied.append(items)
        }
        if !parameters.isEmpty { lines += ["  parameters:"] + parameters }
    }

    private mutating func addPopulations(
        _ project: String, _ files: [(name: String, bytes: [UInt8])]
    ) throws(UserError) {
        for agents in folder.agents {
            guard let type = Self.classes[agents.className]?.type else { continue }
            if scenario == "group-discussion" {
                try addMembers(agents, project, files)
            } else {
                lines.append("  \(type): { file: \(Self.quoted(agents.file)), format: gensim, count: \(agents.count) }")
                copied.append(agents.file)
            }
        }
        if scenario == "recommendation" {
            lines += ["relations:", "  friends: { model: watts-strogatz, neighbours: 4, rewiring: 0.1 }"]
            notes.append("relations.friends: drawn; where you know who is a friend of whom, write {file: friends.csv}")
        }
    }

    /// Members of a chat room: the original gives each one text that says everything.
    private mutating func addMembers(
        _ agents: OriginalFolder.Agents, _ project: String, _ files: [(name: String, bytes: [UInt8])]
    ) throws(UserError) {
        let bytes = files.first { $0.name == agents.file }?.bytes ?? []
        let entries = (try? JSONValue(parsing: bytes))?.arrayValue ?? []
        var members: [JSONValue] = []
        for (index, entry) in entries.enumerated() {
            let name = entry["args"]?["name"]?.stringValue ?? "Member \(index + 1)"
            members.append([
                "id": .string("member-\(index + 1)"), "name": .string(name), "role": "", "room": .string(project),
                "character": .string(entry["args"]?["profile"]?.stringValue ?? ""),
            ])
        }
        written.append(("members.json", JSONValue.array(members).serialized()))
        written.append(
            (
                "rooms.json",
                ([["id": "room-1", "name": .string(project), "topic": .string(project)]] as JSONValue).serialized()
            ))
        lines.append("  member: { file: members.json, format: json }")
        lines.append("  room: { file: rooms.json, format: json }")
        notes.append(
            "\(agents.file): what was one text has become each member's character; members.json may give roles")
        notes.append("rooms.json: the topic is the project's name; write there what the members are to discuss")
    }

    private mutating func addMemory() {
        guard let memory = folder.memory else {
            return notes.append("memory_config.json is missing: ours is the default")
        }
        let name = memory["class"]?.stringValue ?? ""
        guard let kind = Self.memories[name] else {
            return notes.append("memory_config.json: there is no counterpart of the class \(name)")
        }
        lines += ["memory:", "  kind: \(kind)"]
        let keys = [
            "stm_K": "short", "ltm_K": "long", "reflection_threshold": "reflection_threshold",
            "importance_weight": "importance_weight",
        ]
        let given = memory["args"]?.objectValue?.members ?? []
        for member in given.sorted(by: { $0.key < $1.key }) {
            guard let key = keys[member.key], let number = Self.number(member.value) else {
                notes.append("memory_config.json: \(member.key) has no counterpart")
                continue
            }
            lines.append("  \(key): \(number)")
        }
    }

    private mutating func addModels() {
        guard let model = folder.models.first else { return }
        if folder.models.count > 1 {
            notes.append(
                "model_configs.json: \(folder.models.count) models; a run has one, "
                    + "at as many servers as you name by --llm"
            )
        }
        let generate = model["generate_args"]
        var settings: [String] = []
        if let number = generate?["temperature"].flatMap(Self.number) { settings.append("  temperature: \(number)") }
        if let number = generate?["top_p"].flatMap(Self.number) { settings.append("  top_p: \(number)") }
        if let number = generate?["max_tokens"].flatMap(Self.number) {
            settings.append("  max_reply_tokens: \(number)")
        }
        if !settings.isEmpty { lines += ["llm:"] + settings }
        if let url = model["client_args"]?["base_url"]?.stringValue, url.hasPrefix("http") {
            notes.append("model_configs.json: give the server when a run starts: --llm \(url)")
        }
        if let name = model["model_name"]?.stringValue, !name.isEmpty {
            notes.append("model_configs.json: the model is the one that the servers name, there it was \(name)")
        }
        if model["api_key"] != nil {
            notes.append("model_configs.json: keys are not copied; put yours into a file and give --llm-key-file FILE")
        }
    }

    // MARK: Text

    private static func number(_ value: JSONValue) -> String? {
        switch value {
        case .int(let value): String(value)
        case .double(let value): "\(value)"
        default: nil
        }
    }

    /// A text as YAML and JSON both write it; what stands in a configuration has no need of an ampersand.
    private static func quoted(_ text: String) -> String {
        String(decoding: JSONValue.string(text).serialized(), as: UTF8.self).replacing("&", with: "\\u0026")
    }
}
