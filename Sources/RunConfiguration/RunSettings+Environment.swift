import Model
import SimulationKit
import Support
import YAMLReading

extension RunSettings {
    /// The environment's fields as YAML; nothing where there are none.
    var environmentLines: [String] {
        guard !environment.isEmpty else { return [] }
        return ["environment:", "  fields: \(Self.text(.map(environment)))"]
    }

    /// The environment's fields before round 1.
    static func environment(_ root: YAMLSection) throws(UserError) -> [String: Value] {
        let section = try root.section("environment", keys: ["fields"]).section("fields", keys: nil)
        for name in section.keys where FieldDefinition.isReserved(name) {
            throw section.error(
                "fields that begin with \(FieldDefinition.reservedPrefix) are not yours to set", key: name,
                advice: "choose another name")
        }
        return try section.allValues()
    }

    /// A value as YAML on one line.
    static func text(_ value: Value) -> String {
        switch value {
        case .null: return "null"
        case .bool(let value): return String(value)
        case .int(let value): return String(value)
        case .double(let value): return "\(value)"
        case .text(let value): return quoted(value)
        case .list(let values): return "[\(values.map(text).joined(separator: ", "))]"
        case .map(let values):
            let sorted = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            return "{ \(sorted.map { "\(quoted($0.key)): \(text($0.value))" }.joined(separator: ", ")) }"
        }
    }
}
