import Hashing
import JSON

/// What an answer must look like, whatever dialect said so: a choice asked for by a list, a regular expression or a
/// grammar is the same constraint and gets the same answer.
enum Constraint: Equatable {
    /// Any text.
    case none
    /// Exactly one of these texts; never empty.
    case choices([String])
    /// JSON text that obeys this schema.
    case schema(JSONValue)

    /// Makes the constraint part of a request's identity.
    func append(to builder: borrowing HashBuilder) {
        switch self {
        case .none: builder.append(0)
        case .choices(let choices):
            builder.append(1)
            builder.append(UInt64(choices.count))
            for choice in choices { builder.append(choice) }
        case .schema(let schema):
            builder.append(2)
            builder.append(schema.serialized(sortedKeys: true))
        }
    }

    /// The texts of which the answer is one; nil where it may be anything else.
    var alternatives: [String]? {
        switch self {
        case .none: nil
        case .choices(let choices): choices
        case .schema(let schema):
            schema["enum"]?.arrayValue.flatMap { options in
                options.isEmpty ? nil : options.map { String(decoding: $0.serialized(), as: UTF8.self) }
            }
        }
    }

    /// Whether the answer is a rating from 1 to 10, whatever says so.
    var isRating: Bool {
        switch self {
        case .none: false
        case .choices(let choices): choices == Self.ratings
        case .schema(let schema): Self.rating(schema, hash: 0) != nil
        }
    }

    /// The choices that make a request one for importance.
    static let ratings = (1...10).map(String.init)

    /// The answer to a schema of exactly the ratings 1 to 10, as numbers or as texts.
    static func rating(_ schema: JSONValue, hash: UInt64) -> String? {
        if let options = schema["enum"]?.arrayValue, options.count == 10 {
            if options == (1...10).map(JSONValue.int) { return String(1 + hash % 10) }
            if options == ratings.map(JSONValue.string) { return "\"\(1 + hash % 10)\"" }
        }
        guard schema["type"] == "integer", schema["minimum"]?.intValue == 1, schema["maximum"]?.intValue == 10
        else { return nil }
        return String(1 + hash % 10)
    }
}
