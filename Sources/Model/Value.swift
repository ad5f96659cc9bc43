import MessagePack

/// A value that a scenario keeps in a field, sends in a message or answers with.
///
/// Choices are computed from integers; `double` is for values that only pass through.
public enum Value: Hashable, Sendable {
    /// Nothing.
    case null
    /// True or false.
    case bool(Bool)
    /// A whole number.
    case int(Int64)
    /// A floating-point number.
    case double(Double)
    /// A text.
    case text(String)
    /// Values in order.
    case list([Value])
    /// Values by name.
    case map([String: Value])

    /// The text, if it is one.
    public var text: String? { if case .text(let value) = self { value } else { nil } }
    /// The whole number, if it is one.
    public var int: Int64? { if case .int(let value) = self { value } else { nil } }
    /// The truth value, if it is one.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The values in order, if it is a list.
    public var list: [Value]? { if case .list(let value) = self { value } else { nil } }
    /// The values by name, if it is a map.
    public var map: [String: Value]? { if case .map(let value) = self { value } else { nil } }

    /// The value under `key`, nil where this is no map or has no such key.
    public subscript(key: String) -> Value? { map?[key] }
}

extension Value {
    /// Bytes that the packed value takes, about; never less than its texts.
    public var estimatedBytes: Int {
        switch self {
        case .null, .bool: 1
        case .int, .double: 9
        case .text(let text): 5 + text.utf8.count
        case .list(let values): values.reduce(5) { $0 + $1.estimatedBytes }
        case .map(let values): values.reduce(5) { $0 + 5 + $1.key.utf8.count + $1.value.estimatedBytes }
        }
    }
}

extension Value: Packable {
    public func pack(into packer: inout Packer) {
        switch self {
        case .null: packer.packNil()
        case .bool(let value): packer.pack(value)
        case .int(let value): packer.pack(value)
        case .double(let value): packer.pack(value)
        case .text(let value): packer.pack(value)
        case .list(let values):
            packer.packArray(count: values.count)
            for value in values { value.pack(into: &packer) }
        case .map(let values):
            // Sorted by UTF-8 bytes, so that equal maps have equal bytes.
            packer.packMap(count: values.count)
            for (key, value) in values.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                packer.pack(key)
                value.pack(into: &packer)
            }
        }
    }

    public init(from unpacker: inout Unpacker) throws {
        guard let type = unpacker.peekType() else { throw DecodingFailure.missing("value") }
        switch type {
        case .nil:
            try unpacker.readNil()
            self = .null
        case .bool: self = .bool(try unpacker.readBool())
        case .integer: self = .int(try unpacker.readInt())
        case .double: self = .double(try unpacker.readDouble())
        case .string: self = .text(try unpacker.readString())
        case .array:
            let count = try unpacker.readArrayHeader()
            var values: [Value] = []
            for _ in 0..<count { values.append(try Value(from: &unpacker)) }
            self = .list(values)
        case .map:
            let count = try unpacker.readMapHeader()
            var values: [String: Value] = [:]
            for _ in 0..<count {
                let key = try unpacker.readString()
                guard values.updateValue(try Value(from: &unpacker), forKey: key) == nil else {
                    throw DecodingFailure.duplicateKey
                }
            }
            self = .map(values)
        case .binary, .extension: throw DecodingFailure.unexpected("binary value")
        }
    }
}
