/// Reads the alternatives of a constraint that is a list of literals in other clothes.
enum AlternativesReader {
    /// The literals of a regular expression `(A|B)`, also without the brackets, with `(?:` or between `^` and `$`.
    /// Nil where it holds anything but literals.
    static func regex(_ pattern: String) -> [String]? {
        var rest = Substring(pattern)
        if rest.hasPrefix("^") { rest = rest.dropFirst() }
        if endsUnescaped(rest, with: "$") { rest = rest.dropLast() }
        if rest.hasPrefix("("), endsUnescaped(rest, with: ")") {
            rest = rest.dropFirst().dropLast()
            if rest.hasPrefix("?:") { rest = rest.dropFirst(2) }
        }
        var alternatives: [String] = []
        var literal = ""
        var scalars = rest.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar {
            case "|":
                alternatives.append(literal)
                literal = ""
            case "\\":
                guard let escaped = scalars.next(), let meant = unescaped(escaped) else { return nil }
                literal.unicodeScalars.append(meant)
            case ".", "[", "]", "{", "}", "*", "+", "?", "(", ")", "^", "$": return nil
            default: literal.unicodeScalars.append(scalar)
            }
        }
        alternatives.append(literal)
        return alternatives.contains("") ? nil : alternatives
    }

    /// Whether the last character is this one and no backslash takes its meaning away.
    private static func endsUnescaped(_ text: Substring, with last: Character) -> Bool {
        guard text.last == last else { return false }
        return text.dropLast().reversed().prefix { $0 == "\\" }.count % 2 == 0
    }

    private static func unescaped(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar {
        case "n": "\n"
        case "t": "\t"
        case "r": "\r"
        case "a"..."z", "A"..."Z", "0"..."9": nil
        default: scalar
        }
    }

    /// The literals of a grammar `root ::= "A" | "B"`, in GBNF or EBNF. Nil where it holds anything else.
    static func grammar(_ text: String) -> [String]? {
        var reader = GrammarReader(text)
        guard reader.take("root"), reader.take("::=") else { return nil }
        let bracketed = reader.take("(")
        var alternatives: [String] = []
        repeat {
            guard let literal = reader.literal() else { return nil }
            alternatives.append(literal)
        } while reader.take("|")
        if bracketed, !reader.take(")") { return nil }
        return reader.isAtEnd ? alternatives : nil
    }
}

/// Takes words and quoted literals from the front of a grammar.
private struct GrammarReader {
    private var rest: Substring.UnicodeScalarView

    init(_ text: String) { rest = Substring(text).unicodeScalars }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return rest.isEmpty
        }
    }

    mutating func take(_ word: String) -> Bool {
        skipSpace()
        guard rest.starts(with: word.unicodeScalars) else { return false }
        rest.removeFirst(word.unicodeScalars.count)
        return true
    }

    mutating func literal() -> String? {
        guard take("\"") else { return nil }
        var literal = ""
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return literal
            case "\\":
                guard let meant = escape() else { return nil }
                literal.unicodeScalars.append(meant)
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        switch rest.popFirst() {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "\"": return "\""
        case "\\": return "\\"
        case "[": return "["
        case "]": return "]"
        case "x": return hexadecimal(2)
        case "u": return hexadecimal(4)
        case "U": return hexadecimal(8)
        default: return nil
        }
    }

    private mutating func hexadecimal(_ digits: Int) -> Unicode.Scalar? {
        guard rest.count >= digits else { return nil }
        let number = UInt32(String(String.UnicodeScalarView(rest.prefix(digits))), radix: 16)
        rest.removeFirst(digits)
        return number.flatMap(Unicode.Scalar.init)
    }

    private mutating func skipSpace() {
        while let first = rest.first, first.properties.isWhitespace { rest.removeFirst() }
    }
}
