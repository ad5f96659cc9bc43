import Model
import SimulationKit

/// The names that an expression or a template may use where it stands.
struct KnownNames {
    /// Names that are always there, besides an agent's fields.
    static let reserved: Set<String> = ["round", "world", "inbox", "related", "same", "population", "me"]

    /// Fields of the agent whose turn it is, or of the environment.
    let fields: [String]
    /// Public fields of that agent's type; nil in the environment's turn.
    let publicFields: [String]?
    /// Fields that the turn may set.
    let settable: Set<String>
    /// Those of them that may be set to null: their initial value is.
    let nullable: Set<String>
    /// Fields of the environment, which turns read as `world.name`.
    let world: Set<String>
    /// Subjects of messages.
    let subjects: Set<String>
    let types: Set<String>
    /// The type of the agent; empty for the environment.
    let type: String
    /// Answers and computed values so far, and the name of the element of each loop around.
    var locals: [String] = []
    /// All names so far, those within loops that have ended included: prompts are called after them.
    var taken: Set<String> = []

    init(type: AgentTypeDefinition, reader: DefinitionReader) {
        fields = type.fields.map(\.name)
        publicFields = type.fields.filter { $0.visibility == .everyone && $0.mutability == .fixed }.map(\.name)
        settable = Set(type.fields.filter { $0.mutability == .dynamic }.map(\.name))
        nullable = Set(type.fields.filter { $0.initial == .null }.map(\.name))
        self.type = type.name
        (world, subjects, types) = Self.common(reader)
    }

    /// What the environment's turn knows.
    init(reader: DefinitionReader) {
        (world, subjects, types) = Self.common(reader)
        fields = world.sorted()
        publicFields = nil
        settable = world
        nullable = world.filter { reader.definition.environment.fields[$0] == .null }
        type = ""
    }

    private static func common(_ reader: DefinitionReader) -> (Set<String>, Set<String>, Set<String>) {
        (Set(reader.definition.environment.fields.keys), reader.subjects, Set(reader.types))
    }

    /// Why a name means nothing here; nil where it does.
    func objection(to path: [String]) -> String? {
        guard let first = path.first else { return nil }
        let second = path.count > 1 ? path[1] : nil
        switch first {
        case "round": return nil
        case "world": return missing(second, among: world, of: "the environment has no field")
        case "population": return missing(second, among: types, of: "there is no type of agents named")
        case "inbox", "related", "same", "me":
            guard let publicFields else { return "the environment has no \(first)" }
            switch first {
            case "inbox": return missing(second, among: subjects, of: "no step sends messages with the subject")
            case "same": return missing(second, among: Set(publicFields), of: "\(type) has no public fixed field")
            case "related": return second == nil ? "write related.NAME, the name of a relation" : nil
            default: return nil
            }
        default:
            guard !fields.contains(first), !locals.contains(first) else { return nil }
            return "\(first) is not known here"
        }
    }

    private func missing(_ name: String?, among known: Set<String>, of what: String) -> String? {
        guard let name else { return "a name is missing behind the dot: \(known.sorted().joined(separator: ", "))" }
        return known.contains(name) ? nil : "\(what) \(name)"
    }

    /// All names, for advice.
    var all: [String] {
        (fields + locals + Self.reserved.sorted()).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
