import JSON
import Support

/// The files of one of the original's scenarios, told apart by the ends of their names.
struct OriginalFolder {
    /// A class of agents and its file.
    struct Agents: Equatable {
        var className: String
        var file: String
        var count: Int
    }

    /// Name and text of the YAML file that says what is simulated.
    var simulation: (name: String, text: String)?
    var memory: JSONValue?
    var models: [JSONValue] = []
    var agents: [Agents] = []
    /// Name of the file of items that are recommended.
    var items: String?
    /// Files that are none of these.
    var others: [String] = []

    /// Sorts files by what they are. `files` are names with contents, in the order of the names.
    init(_ files: [(name: String, bytes: [UInt8])]) throws(UserError) {
        for (name, bytes) in files {
            if name.hasSuffix("simulation_config.yml") || name.hasSuffix("simulation_config.yaml") {
                if let other = simulation?.name {
                    throw UserError(
                        "there are two simulation files, \(other) and \(name)", at: name,
                        advice: "put each scenario into a folder of its own", exitCode: .dataError)
                }
                simulation = (name, try Self.text(bytes, name))
            } else if name.hasSuffix("memory_config.json") {
                memory = try Self.json(bytes, name)
            } else if name.hasSuffix("model_configs.json") {
                models = try Self.json(bytes, name).arrayValue ?? []
            } else if name.hasSuffix("item_infos.json") {
                items = name
            } else if name.hasSuffix("_configs.json") {
                try readAgents(bytes, name)
            } else {
                others.append(name)
            }
        }
    }

    private mutating func readAgents(_ bytes: [UInt8], _ name: String) throws(UserError) {
        guard let entries = try Self.json(bytes, name).arrayValue else {
            throw UserError(
                "the file holds no list of agents", at: name, advice: "each is {\"class\": ..., \"args\": {...}}",
                exitCode: .dataError)
        }
        var counts: [String: Int] = [:]
        for (index, entry) in entries.enumerated() {
            guard let className = entry["class"]?.stringValue, entry["args"] != nil else {
                throw UserError(
                    "agent \(index + 1) has no class or no args", at: name,
                    advice: "each is {\"class\": ..., \"args\": {...}}", exitCode: .dataError)
            }
            counts[className, default: 0] += 1
        }
        guard counts.count <= 1 else {
            throw UserError(
                "the file holds agents of several classes: \(counts.keys.sorted().joined(separator: ", "))", at: name,
                advice: "give each class a file of its own", exitCode: .dataError)
        }
        for (className, count) in counts { agents.append(Agents(className: className, file: name, count: count)) }
    }

    private static func text(_ bytes: [UInt8], _ name: String) throws(UserError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UserError("the file is no text", at: name, advice: "save it as UTF-8", exitCode: .dataError)
        }
        return text
    }

    private static func json(_ bytes: [UInt8], _ name: String) throws(UserError) -> JSONValue {
        do {
            return try JSONValue(parsing: bytes, limits: JSONLimits(maximumBytes: 1 << 30))
        } catch {
            throw UserError("the file is no JSON: \(error)", at: name, advice: "mend it there", exitCode: .dataError)
        }
    }
}
