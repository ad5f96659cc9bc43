/// Cuts an expression's text into tokens.
struct ExpressionLexer {
    enum Token: Equatable {
        case int(Int64)
        case double(Double)
        case text(String)
        case name(String)
        /// An operator, a bracket, a comma or a dot.
        case sign(String)
    }

    private let characters: [Character]
    private var position = 0

    init(_ text: String) { characters = Array(text) }

    /// All tokens, in order.
    static func tokens(of text: String) throws(ExpressionError) -> [Token] {
        var lexer = ExpressionLexer(text)
        var tokens: [Token] = []
        while let token = try lexer.next() { tokens.append(token) }
        return tokens
    }

    private static let signs = [
        "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", ".",
    ]

    private mutating func next() throws(ExpressionError) -> Token? {
        while position < characters.count, characters[position].isWhitespace { position += 1 }
        guard position < characters.count else { return nil }
        let first = characters[position]
        if Self.isDigit(first) { return try number() }
        if Self.isLetter(first) { return .name(word { Self.isLetter($0) || Self.isDigit($0) }) }
        if first == "\"" || first == "'" { return try quoted(first) }
        for sign in Self.signs where characters[position...].starts(with: sign) {
            position += sign.count
            return .sign(sign)
        }
        throw ExpressionError("\(first) cannot stand here")
    }

    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }

    private static func isLetter(_ character: Character) -> Bool { character.isLetter || character == "_" }

    private mutating func word(_ belongs: (Character) -> Bool) -> String {
        let start = position
        while position < characters.count, belongs(characters[position]) { position += 1 }
        return String(characters[start..<position])
    }

    private mutating func number() throws(ExpressionError) -> Token {
        var text = word(Self.isDigit)
        // A dot belongs to the number only where a digit follows.
        let hasDecimals =
            position + 1 < characters.count && characters[position] == "." && Self.isDigit(characters[position + 1])
        if hasDecimals {
            position += 1
            text += "." + word(Self.isDigit)
            guard let value = Double(text), value.isFinite else { throw ExpressionError("\(text) is no number") }
            return .double(value)
        }
        guard let value = Int64(text) else { throw ExpressionError("\(text) is too large") }
        return .int(value)
    }

    private mutating func quoted(_ mark: Character) throws(ExpressionError) -> Token {
        position += 1
        let text = word { $0 != mark }
        guard position < characters.count else { throw ExpressionError("a text has no closing \(mark)") }
        position += 1
        return .text(text)
    }
}
