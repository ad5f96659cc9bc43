import JSON
import Model
import SimulationKit

/// A profile as the recording shows it.
enum ProfileJSON {
    /// The fields as one JSON object, sorted by name.
    static func text(_ fields: [String: Value]) -> String {
        String(decoding: JSONValue(Value.map(fields)).serialized(sortedKeys: true), as: UTF8.self)
    }
}
