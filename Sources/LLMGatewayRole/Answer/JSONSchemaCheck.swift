import JSON

/// Checks a value against the part of JSON Schema that prompts use: `type`, `enum`, `const`, `properties`,
/// `required`, `additionalProperties`, `items`, `anyOf`, `oneOf`, `allOf`, and the bounds on numbers, lengths and
/// counts. Schemas with constraints beyond these are refused before they are asked for, see ``obstacle(in:depth:)``.
enum JSONSchemaCheck {
    /// Nesting that is followed; deeper schemas are refused.
    static let maximumDepth = 32

    /// The first violation, as a path and what is wrong; nil when there is none.
    static func violation(of schema: JSONValue, by value: JSONValue, at path: String = "$", depth: Int = 0) -> String? {
        guard depth < maximumDepth else { return "\(path) is nested too deep" }
        guard schema.objectValue != nil else {
            return schema == .bool(false) ? "\(path) is not allowed" : nil
        }
        return typeViolation(schema, value, path) ?? enumViolation(schema, value, path)
            ?? boundsViolation(schema, value, path) ?? objectViolation(schema, value, path, depth)
            ?? arrayViolation(schema, value, path, depth) ?? combinationViolation(schema, value, path, depth)
    }

    private static func typeViolation(_ schema: JSONValue, _ value: JSONValue, _ path: String) -> String? {
        guard let type = schema["type"] else { return nil }
        let names = type.stringValue.map { [$0] } ?? type.arrayValue?.compactMap(\.stringValue) ?? []
        guard !names.isEmpty, !names.contains(where: { isOfType($0, value) }) else { return nil }
        return "\(path) is not of type \(names.joined(separator: " or "))"
    }

    private static func isOfType(_ name: String, _ value: JSONValue) -> Bool {
        switch name {
        case "object": value.objectValue != nil
        case "array": value.arrayValue != nil
        case "string": value.stringValue != nil
        case "boolean": value.boolValue != nil
        case "null": value.isNull
        case "number": value.doubleValue != nil
        case "integer": value.doubleValue.map { $0 == $0.rounded() } ?? false
        default: true
        }
    }

    private static func enumViolation(_ schema: JSONValue, _ value: JSONValue, _ path: String) -> String? {
        if let constant = schema["const"], constant != value { return "\(path) is not the constant" }
        if let options = schema["enum"]?.arrayValue, !options.contains(value) {
            return "\(path) is none of the \(options.count) allowed values"
        }
        return nil
    }

    private static func boundsViolation(_ schema: JSONValue, _ value: JSONValue, _ path: String) -> String? {
        if let number = value.doubleValue {
            if let least = schema["minimum"]?.doubleValue, number < least { return "\(path) is below \(least)" }
            if let most = schema["maximum"]?.doubleValue, number > most { return "\(path) is above \(most)" }
            if let bound = schema["exclusiveMinimum"]?.doubleValue, number <= bound {
                return "\(path) is not above \(bound)"
            }
            if let bound = schema["exclusiveMaximum"]?.doubleValue, number >= bound {
                return "\(path) is not below \(bound)"
            }
        }
        if let text = value.stringValue {
            let length = text.unicodeScalars.count
            if let least = schema["minLength"]?.intValue, length < least { return "\(path) is shorter than \(least)" }
            if let most = schema["maxLength"]?.intValue, length > most { return "\(path) is longer than \(most)" }
        }
        if let list = value.arrayValue {
            if let least = schema["minItems"]?.intValue, list.count < least {
                return "\(path) has fewer than \(least) items"
            }
            if let most = schema["maxItems"]?.intValue, list.count > most {
                return "\(path) has more than \(most) items"
            }
        }
        return nil
    }

    private static func objectViolation(_ schema: JSONValue, _ value: JSONValue, _ path: String, _ depth: Int)
        -> String?
    {
        guard let object = value.objectValue else { return nil }
        for name in schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] where object[name] == nil {
            return "\(path).\(name) is missing"
        }
        let properties = schema["properties"]
        for member in object.members {
            if let inner = properties?[member.key] {
                let found = violation(of: inner, by: member.value, at: "\(path).\(member.key)", depth: depth + 1)
                if let found { return found }
            } else if let other = schema["additionalProperties"] {
                guard other != .bool(false) else { return "\(path) has a property that is not allowed" }
                let found = violation(of: other, by: member.value, at: "\(path).*", depth: depth + 1)
                if let found { return found }
            }
        }
        return nil
    }

    private static func arrayViolation(_ schema: JSONValue, _ value: JSONValue, _ path: String, _ depth: Int) -> String?
    {
        guard let list = value.arrayValue, let items = schema["items"] else { return nil }
        for (index, element) in list.enumerated() {
            let found = violation(of: items, by: element, at: "\(path)[\(index)]", depth: depth + 1)
            if let found { return found }
        }
        return nil
    }
}
