import JSON

extension JSONSchemaCheck {
    /// Keywords that restrict a value in ways that are not checked.
    private static let unchecked = [
        "$ref", "$dynamicRef", "contains", "dependencies", "dependentRequired", "dependentSchemas", "if",
        "maxProperties", "minProperties", "multipleOf", "not", "pattern", "patternProperties", "prefixItems",
        "propertyNames", "unevaluatedItems", "unevaluatedProperties", "uniqueItems",
    ]
    private static let combinations = ["allOf", "anyOf", "oneOf"]

    /// What keeps answers from being verified against a schema; nil when nothing does. A server that is asked for such
    /// a schema may obey it or not, and nobody would notice.
    static func obstacle(in schema: JSONValue, depth: Int = 0) -> String? {
        guard depth < maximumDepth else { return "it is nested deeper than \(maximumDepth) levels" }
        guard let object = schema.objectValue else { return nil }
        if let keyword = unchecked.first(where: { object[$0] != nil }) {
            return "answers cannot be verified against its keyword '\(keyword)'"
        }
        var inner = object["properties"]?.objectValue?.members.map(\.value) ?? []
        for keyword in combinations { inner += object[keyword]?.arrayValue ?? [] }
        inner += [object["items"], object["additionalProperties"]].compactMap { $0 }
        for schema in inner {
            if let found = obstacle(in: schema, depth: depth + 1) { return found }
        }
        return nil
    }

    /// The first violation of `allOf`, `anyOf` or `oneOf`.
    static func combinationViolation(_ schema: JSONValue, _ value: JSONValue, _ path: String, _ depth: Int) -> String? {
        for part in schema["allOf"]?.arrayValue ?? [] {
            if let found = violation(of: part, by: value, at: path, depth: depth + 1) { return found }
        }
        func matches(_ keyword: String) -> Int? {
            schema[keyword]?.arrayValue?.count { violation(of: $0, by: value, at: path, depth: depth + 1) == nil }
        }
        if matches("anyOf") == 0 { return "\(path) is none of the allowed forms" }
        if let count = matches("oneOf"), count != 1 { return "\(path) has \(count) of the forms of which it takes one" }
        return nil
    }
}
