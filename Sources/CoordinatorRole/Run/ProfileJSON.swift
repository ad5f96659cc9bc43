import JSON
import Model

/// A profile as the recording shows it.
enum ProfileJSON {
    /// The fields as one JSON object, sorted by name.
    static func text(_ fields: [String: Value]) -> String {
        String(decoding: value(.map(fields)).serialized(sortedKeys: true), as: UTF8.self)
    }

    private static func value(_ value: Value) -> JSONValue {
        switch value {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .double(let value): .double(value)
        case .text(let value): .string(value)
        case .list(let values): .array(values.map(Self.value))
        case .map(let values):
            .object(JSONObject(values.map { JSONObject.Member(key: $0.key, value: Self.value($0.value)) }))
        }
    }
}
