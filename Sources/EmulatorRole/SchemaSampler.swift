import Hashing
import JSON

/// Makes a JSON value that obeys a schema, by the policy: the part of JSON Schema that requests for structured
/// answers use. What it does not know it refuses instead of making up a value that might not obey.
struct SchemaSampler {
    var policy: ChoicePolicy
    var generator: SeededGenerator
    /// Values that one answer may still hold: bounds nested arrays.
    private var budget = 10_000

    init(policy: ChoicePolicy, generator: SeededGenerator) {
        self.policy = policy
        self.generator = generator
    }

    mutating func sample(_ schema: JSONValue) throws(Refusal) -> JSONValue {
        budget -= 1
        guard budget > 0 else { throw .badRequest("the schema asks for too many values") }
        guard let schema = schema.objectValue else { throw .badRequest("a JSON schema must be an object") }
        for unknown in ["$ref", "allOf", "not", "if", "patternProperties"] where schema[unknown] != nil {
            throw .badRequest("the emulator does not know the schema keyword \(unknown)")
        }
        if let constant = schema["const"] { return constant }
        if let options = schema["enum"] { return try choose(options.arrayValue) }
        if let options = schema["anyOf"] ?? schema["oneOf"] { return try sample(choose(options.arrayValue)) }
        let types = schema["type"]?.arrayValue ?? schema["type"].map { [$0] } ?? ["string"]
        switch try choose(types).stringValue {
        case "string": return try string(schema)
        case "integer": return .int(try integer(schema))
        case "number": return .double(try number(schema))
        case "boolean": return .bool(try choose([false, true]) == true)
        case "null": return .null
        case "array": return try array(schema)
        case "object":
            var members: [JSONObject.Member] = []
            for property in schema["properties"]?.objectValue?.members ?? [] {
                members.append(.init(key: property.key, value: try sample(property.value)))
            }
            return .object(JSONObject(members))
        default: throw .badRequest("the emulator does not know this schema type")
        }
    }

    private mutating func choose(_ options: [JSONValue]?) throws(Refusal) -> JSONValue {
        guard let options, let first = options.first, let last = options.last else {
            throw .badRequest("a schema offers a choice without options")
        }
        switch policy {
        case .first: return first
        case .max: return last
        case .seeded, .sampled: return options[generator.below(options.count)]
        }
    }

    private mutating func choose(_ range: ClosedRange<Int64>) -> Int64 {
        switch policy {
        case .first: return range.lowerBound
        case .max: return range.upperBound
        case .seeded, .sampled:
            let (width, overflow) = range.upperBound.subtractingReportingOverflow(range.lowerBound)
            guard !overflow, width < Int64.max else { return Int64(bitPattern: generator.next()) }
            return range.lowerBound + Int64(generator.below(Int(width) + 1))
        }
    }

    private mutating func integer(_ schema: JSONObject) throws(Refusal) -> Int64 {
        let lowest = Self.bound(schema["minimum"]) ?? Self.bound(schema["exclusiveMinimum"])?.saturatingAdd(1)
        let highest = Self.bound(schema["maximum"]) ?? Self.bound(schema["exclusiveMaximum"])?.saturatingAdd(-1)
        let low = lowest ?? min(0, highest ?? 0)
        let high = highest ?? max(100, low)
        guard low <= high else { throw .badRequest("a schema's minimum exceeds its maximum") }
        return choose(low...high)
    }

    private mutating func number(_ schema: JSONObject) throws(Refusal) -> Double {
        let low = (schema["minimum"] ?? schema["exclusiveMinimum"])?.doubleValue ?? 0
        let high = (schema["maximum"] ?? schema["exclusiveMaximum"])?.doubleValue ?? max(1, low)
        guard low <= high else { throw .badRequest("a schema's minimum exceeds its maximum") }
        // Of a thousand steps the outermost are left out, so that exclusive bounds hold as well.
        let step = choose(1...999)
        return low + (high - low) * (Double(step) / 1_000)
    }

    private mutating func string(_ schema: JSONObject) throws(Refusal) -> JSONValue {
        if let pattern = schema["pattern"]?.stringValue {
            guard let choices = AlternativesReader.regex(pattern) else {
                throw .badRequest("the emulator knows patterns of the form (A|B) only")
            }
            return try choose(choices.map(JSONValue.string))
        }
        let shortest = schema["minLength"]?.intValue ?? 0
        let longest = schema["maxLength"]?.intValue ?? .max
        guard shortest <= 4_096, longest >= max(0, shortest) else {
            throw .badRequest("the schema asks for a string too long")
        }
        var english = PseudoEnglish(generator: generator)
        var text = english.text(words: 6)
        while text.utf8.count < shortest { text += " " + english.text(words: 6) }
        generator = english.generator
        return .string(String(text.prefix(longest)))
    }

    private mutating func array(_ schema: JSONObject) throws(Refusal) -> JSONValue {
        let least = schema["minItems"]?.intValue ?? 1
        let most = schema["maxItems"]?.intValue ?? max(3, least)
        guard 0 <= least, least <= most, least <= 256 else {
            throw .badRequest("a schema's minItems and maxItems do not fit")
        }
        var elements: [JSONValue] = []
        for _ in 0..<choose(Int64(least)...Int64(min(most, max(least, 256)))) {
            elements.append(try sample(schema["items"] ?? ["type": "string"]))
        }
        return .array(elements)
    }

    private static func bound(_ value: JSONValue?) -> Int64? {
        guard let value else { return nil }
        if let number = value.intValue { return Int64(number) }
        return value.doubleValue.flatMap { Int64(exactly: $0.rounded()) }
    }
}

extension Int64 {
    fileprivate func saturatingAdd(_ step: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(step)
        return overflow ? self : sum
    }
}
