import CxxSimdJSON

/// A parsed text, held as the parser's tape: nothing is copied out of it until a reader asks.
///
/// Nodes point into the document's memory, so they are lent to the body of `withRoot` and must not leave it.
struct JSONDocument: ~Copyable {
    private let parser: OpaquePointer
    private let tape: simdjson_tape

    /// Parses and validates the whole text.
    init(_ bytes: [UInt8], limits: JSONLimits) throws(JSONError) {
        guard bytes.count <= limits.maximumBytes else {
            throw .tooLarge(bytes: bytes.count, limit: limits.maximumBytes)
        }
        guard let parser = simdjson_parser_create() else { throw .outOfMemory }
        var tape = simdjson_tape()
        // The parser counts the text itself as a level.
        let status = bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress, !buffer.isEmpty else { return SIMDJSON_PARSE_EMPTY }
            return simdjson_parser_parse(parser, start, buffer.count, limits.maximumDepth + 1, &tape)
        }
        guard status == SIMDJSON_PARSE_OK else {
            simdjson_parser_destroy(parser)
            throw Self.error(status, limits: limits)
        }
        self.parser = parser
        self.tape = tape
    }

    deinit { simdjson_parser_destroy(parser) }

    /// Lends the root value to `body`.
    borrowing func withRoot<Result>(_ body: (JSONNode) throws(JSONError) -> Result) throws(JSONError) -> Result {
        try body(JSONNode(words: tape.words, strings: tape.strings, index: 1))
    }

    private static func error(_ status: simdjson_parse_status, limits: JSONLimits) -> JSONError {
        switch status {
        case SIMDJSON_PARSE_TOO_DEEP: .tooDeep(limit: limits.maximumDepth)
        case SIMDJSON_PARSE_NOT_UTF8: .notUTF8
        case SIMDJSON_PARSE_BAD_NUMBER: .badNumber
        case SIMDJSON_PARSE_BAD_STRING: .badString
        case SIMDJSON_PARSE_EMPTY: .empty
        case SIMDJSON_PARSE_NO_MEMORY: .outOfMemory
        default: .badSyntax
        }
    }
}
