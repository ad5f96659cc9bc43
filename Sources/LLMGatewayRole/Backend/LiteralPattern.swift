/// Literal texts as patterns that match exactly them.
enum LiteralPattern {
    private static let special = Set(#"\.^$*+?{}[]()|/-"#.unicodeScalars)

    /// A regular expression, whole-text matching being the server's rule.
    static func regex(_ text: String) -> String {
        var pattern = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": pattern += "\\n"
            case "\r": pattern += "\\r"
            case "\t": pattern += "\\t"
            default:
                if special.contains(scalar) { pattern += "\\" }
                pattern.unicodeScalars.append(scalar)
            }
        }
        return pattern
    }

    /// A string literal of llama.cpp's grammar notation (GBNF).
    static func gbnf(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case "\r": literal += "\\r"
            case "\t": literal += "\\t"
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }
}
