/// Why a JSON text was refused. Never carries a value of the text, so that it may be logged.
public enum JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The text has more bytes than the reader allows.
    case tooLarge(bytes: Int, limit: Int)
    /// Arrays and objects are nested deeper than the reader allows.
    case tooDeep(limit: Int)
    /// The text is empty.
    case empty
    /// The text is not UTF-8.
    case notUTF8
    /// A number is malformed, or does not fit into 64 bits or a finite double.
    case badNumber
    /// A string is unterminated, holds a raw control character or a bad escape.
    case badString
    /// Anything else that is not JSON: truncated, unbalanced, trailing bytes.
    case badSyntax
    /// Memory for the parser is out.
    case outOfMemory
    /// The text is JSON, but a field that its reader needs is absent.
    case missing(field: String)
    /// The text is JSON, but a field is of another type than its reader needs.
    case wrongType(field: String, expected: String)
    /// The text is JSON, but a field's value lies outside what its reader allows.
    case outOfRange(field: String)

    /// One sentence without a full stop.
    public var description: String {
        switch self {
        case .tooLarge(let bytes, let limit): "JSON text of \(bytes) bytes exceeds the limit of \(limit)"
        case .tooDeep(let limit): "JSON text is nested deeper than \(limit) levels"
        case .empty: "JSON text is empty"
        case .notUTF8: "JSON text is not UTF-8"
        case .badNumber: "JSON text holds a malformed number or one beyond 64 bits"
        case .badString: "JSON text holds a malformed string"
        case .badSyntax: "text is not JSON, or is cut off"
        case .outOfMemory: "no memory to parse JSON text"
        case .missing(let field): "JSON field '\(field)' is missing"
        case .wrongType(let field, let expected): "JSON field '\(field)' is not \(expected)"
        case .outOfRange(let field): "JSON field '\(field)' is out of range"
        }
    }
}
