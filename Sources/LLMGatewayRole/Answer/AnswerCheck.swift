import JSON
import Model

/// Verifies an answer against its constraint, whatever the server promised: servers drop constraints in silence.
enum AnswerCheck {
    /// An answer's fate.
    enum Verdict: Equatable {
        /// It holds; this is its canonical form.
        case accepted(String)
        /// It does not, for this reason.
        case rejected(String)
    }

    /// The verdict on what a model said; nil is a reply without content.
    static func verdict(_ content: String?, constraint: AnswerConstraint) -> Verdict {
        guard let content, content.utf8.contains(where: { !isWhitespace($0) }) else {
            return .rejected("the answer is empty")
        }
        switch constraint {
        case .free: return .accepted(content)
        case .choice(let options): return choice(content, options)
        case .jsonSchema(let schema): return structured(content, schema)
        }
    }

    /// An option is taken as it stands, within white space, within one pair of quotes, or as JSON: a string, or
    /// an object whose property `answer` is one. Nothing is guessed beyond that.
    private static func choice(_ content: String, _ options: [String]) -> Verdict {
        // Swift's == holds for other bytes of the same characters, such as a composed and a decomposed `é`: what is
        // given back is always the option's own text.
        if let option = options.first(where: { $0 == content }) { return .accepted(option) }
        let text = trimmed(content)
        if let option = options.first(where: { trimmed($0) == text }) { return .accepted(option) }
        if let inner = unquoted(text), let option = options.first(where: { $0 == inner }) { return .accepted(option) }
        if text.hasPrefix("\"") || text.hasPrefix("{"), let value = try? JSONValue(parsing: Array(text.utf8)),
            let inner = value.stringValue ?? value[ConstraintDialect.answerProperty]?.stringValue,
            let option = options.first(where: { $0 == inner })
        {
            return .accepted(option)
        }
        return .rejected("the answer is none of the \(options.count) options")
    }

    private static func structured(_ content: String, _ schema: String) -> Verdict {
        let text = unfenced(trimmed(content))
        guard let schema = try? JSONValue(parsing: Array(schema.utf8)) else {
            return .rejected("the schema is not JSON")
        }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: Array(text.utf8))
        } catch { return .rejected("the answer is not JSON: \(error)") }
        if let violation = JSONSchemaCheck.violation(of: schema, by: value) {
            return .rejected("the answer breaks its schema: \(violation)")
        }
        return .accepted(text)
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func trimmed(_ text: String) -> String {
        let bytes = text.utf8
        guard let first = bytes.firstIndex(where: { !isWhitespace($0) }),
            let last = bytes.lastIndex(where: { !isWhitespace($0) })
        else { return "" }
        return String(text[first...last])
    }

    private static func unquoted(_ text: String) -> String? {
        guard text.count >= 2, let first = text.first, let last = text.last else { return nil }
        let pairs: [(Character, Character)] = [
            ("\"", "\""), ("'", "'"), ("`", "`"), ("“", "”"), ("‘", "’"), ("«", "»"),
        ]
        guard pairs.contains(where: { $0 == (first, last) }) else { return nil }
        return trimmed(String(text.dropFirst().dropLast()))
    }

    /// Without the Markdown fence that chat models like to put around JSON.
    private static func unfenced(_ text: String) -> String {
        guard text.hasPrefix("```"), text.hasSuffix("```"), text.utf8.count > 6,
            let lineEnd = text.firstIndex(of: "\n")
        else { return text }
        return trimmed(String(text[lineEnd...].dropLast(3)))
    }
}
