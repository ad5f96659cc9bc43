import JSON
import Model

extension Value {
    /// A JSON value as a scenario sees it. Whole numbers beyond 63 bits become floating-point ones; of members of one
    /// name the last counts.
    package init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .uint(let value): self = .double(Double(value))
        case .double(let value): self = .double(value)
        case .string(let value): self = .text(value)
        case .array(let values): self = .list(values.map { Value($0) })
        case .object(let object):
            self = .map(Dictionary(object.members.map { ($0.key, Value($0.value)) }) { _, last in last })
        }
    }
}

extension JSONValue {
    /// A value as JSON, members in the order of their names' bytes.
    package init(_ value: Model.Value) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .text(let text): self = .string(text)
        case .list(let values): self = .array(values.map { JSONValue($0) })
        case .map(let values):
            let sorted = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            self = .object(JSONObject(sorted.map { JSONObject.Member(key: $0.key, value: JSONValue($0.value)) }))
        }
    }
}
