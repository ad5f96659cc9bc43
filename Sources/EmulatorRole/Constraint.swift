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
}
