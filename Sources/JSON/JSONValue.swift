/// Any JSON value. For configuration, schemas and replies of no fixed shape; the hot paths read without it.
public indirect enum JSONValue: Sendable, Equatable {
    /// The literal `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number that fits into 64 bits with sign.
    case int(Int64)
    /// A whole number above `Int64.max`.
    case uint(UInt64)
    /// A number with a fraction or an exponent.
    case double(Double)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object, in the text's order.
    case object(JSONObject)

    /// Parses a whole text; anything behind the value is refused.
    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        let document = try JSONDocument(bytes, limits: limits)
        self = try document.withRoot { root throws(JSONError) in JSONValue(root) }
    }

    /// Copies a value out of a document. Recursive: the parser has bounded the depth.
    init(_ node: JSONNode) {
        switch node.kind {
        case .object:
            self = .object(JSONObject(node.members.map { .init(key: $0.key.string ?? "", value: JSONValue($0.value)) }))
        case .array: self = .array(node.elements.map { JSONValue($0) })
        case .string: self = .string(node.string ?? "")
        case .int: self = .int(node.int ?? 0)
        case .uint: self = .uint(node.words[node.index + 1])
        case .double: self = .double(node.double ?? 0)
        case .yes: self = .bool(true)
        case .no: self = .bool(false)
        case .null, .other: self = .null
        }
    }

    /// The text of this value without spaces. With `sortedKeys` the members of every object stand in the order of
    /// their keys' UTF-8 bytes, so that equal values give equal bytes however they were written.
    public func serialized(sortedKeys: Bool = false) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self, sortedKeys: sortedKeys)
        return writer.bytes
    }
}

/// The members of a JSON object in the order in which they were written, duplicates included.
public struct JSONObject: Sendable, Equatable {
    /// One key with its value.
    public struct Member: Sendable, Equatable {
        /// The key, unescaped.
        public var key: String
        /// Its value.
        public var value: JSONValue

        /// A member of the given parts.
        public init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// All members, in order. Two objects are equal only if these are, order included.
    public var members: [Member]

    /// An object of these members.
    public init(_ members: [Member] = []) { self.members = members }

    /// The value of the last member of that name. Setting replaces it in place or appends; setting nil removes
    /// every member of that name.
    public subscript(key: String) -> JSONValue? {
        get { members.last { $0.key == key }?.value }
        set {
            guard let newValue else { return members.removeAll { $0.key == key } }
            if let index = members.lastIndex(where: { $0.key == key }) {
                members[index].value = newValue
            } else {
                members.append(Member(key: key, value: newValue))
            }
        }
    }

    /// The keys, in order.
    public var keys: [String] { members.map(\.key) }
}
