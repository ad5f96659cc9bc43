import JSON
import Model

extension JSONValue {
    /// A value as JSON; nil for a number that JSON cannot say.
    init?(_ value: Model.Value) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value):
            guard value.isFinite else { return nil }
            self = .double(value)
        case .text(let text): self = .string(text)
        case .list(let values): self = .array(values.compactMap(JSONValue.init))
        case .map(let values):
            let sorted = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            self = .object(
                JSONObject(
                    sorted.compactMap { name, value in
                        JSONValue(value).map { JSONObject.Member(key: name, value: $0) }
                    }))
        }
    }

    /// The JSON value as one that turns keep.
    var modelValue: Model.Value {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .uint(let value): .double(Double(value))
        case .double(let value): .double(value)
        case .string(let text): .text(text)
        case .array(let values): .list(values.map(\.modelValue))
        case .object(let object):
            .map(Dictionary(object.members.map { ($0.key, $0.value.modelValue) }) { $1 })
        }
    }
}
