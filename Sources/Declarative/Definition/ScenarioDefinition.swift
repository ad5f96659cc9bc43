import Model
import SimulationKit

/// A scenario as its YAML says it, checked.
struct ScenarioDefinition: Sendable {
    /// The types of agents, in the file's order.
    var agents: [AgentDefinition] = []
    var environment = EnvironmentDefinition()
    /// Texts of prompt templates by name.
    var templates: [String: TextTemplate] = [:]
    /// Names of the relations that steps use.
    var relations: Set<String> = []
}

/// A type of agents and what its turn consists of.
struct AgentDefinition: Sendable {
    var type: AgentTypeDefinition
    var steps: [Step] = []
}

/// What is common to all.
struct EnvironmentDefinition: Sendable {
    /// Its fields with their values before round 1; of a keyed field, the value of each key.
    var fields: [String: Value] = [:]
    /// Names of the fields that have a value for each key, written `pot[key]`.
    var keyed: Set<String> = []
    /// Names of those to which turns add, which are whole numbers, and of those in which they collect: lists.
    var sums: Set<String> = []
    var lists: Set<String> = []
    /// What happens after each round's merge.
    var steps: [Step] = []
    /// The run's turns end behind the round in which this holds.
    var stop: Expression?

    /// The name under which the environment keeps a keyed field's value.
    static func name(_ field: String, key: String) -> String { "\(field)[\(key)]" }

    /// The key, where `name` is a value of the keyed field.
    static func key(of name: String, in field: String) -> String? {
        guard name.hasPrefix(field + "["), name.hasSuffix("]") else { return nil }
        return String(name.dropFirst(field.count + 1).dropLast())
    }
}

/// A template of the file: what it is called when it is rendered, its text, and the names that it uses.
struct TextTemplate: Sendable, Equatable {
    var name: String
    var source: String
    /// The names that it may use, as the kit checks them.
    var fields: [String]
    /// Names that stand in it, by their parts.
    var names: Set<[String]>
}
