/// Reads what models answer in free text to memory's questions. Robust against numbers, bullets, headings and
/// chatter; bounded, whatever a model says.
public enum ReplyParser {
    /// Most bytes of one question or insight; longer ones are cut between characters.
    public static let maxBytes = 500

    /// The first whole number from 1 to 10 that stands by itself, nil where there is none. "8/10" is 8.
    public static func rating(_ reply: String) -> UInt8? {
        var digits: [UInt8] = []
        func value() -> UInt8? {
            guard (1...2).contains(digits.count), let number = UInt8(String(decoding: digits, as: UTF8.self)),
                (1...10).contains(number)
            else { return nil }
            return number
        }
        for byte in reply.utf8 {
            if (48...57).contains(byte) {
                digits.append(byte)
                // Longer runs are no ratings; what matters is only that they are too long.
                if digits.count > 3 { digits.removeLast() }
            } else {
                if let rating = value() { return rating }
                digits = []
            }
        }
        return value()
    }

    /// Questions, one a line, at most `limit`. Where some lines end in a question mark, the others are chatter.
    public static func questions(_ reply: String, limit: Int = ConsolidationPlan.questions) -> [String] {
        let lines = statements(reply)
        let asked = lines.filter { $0.utf8.last == UInt8(ascii: "?") || $0.hasSuffix("？") }
        return distinct(asked.isEmpty ? lines : asked, limit: limit)
    }

    /// Insights, one a line, at most `limit`, without the "(because of 1, 3)" that some models add.
    public static func insights(_ reply: String, limit: Int = ConsolidationPlan.insightsPerQuestion) -> [String] {
        distinct(statements(reply).map(withoutReasons).filter { !$0.isEmpty }, limit: limit)
    }

    /// The lines of a reply without list marks, empty lines and headings.
    private static func statements(_ reply: String) -> [String] {
        reply.split(whereSeparator: \.isNewline).map { cleaned($0) }.filter { line in
            !line.isEmpty && line.utf8.last != UInt8(ascii: ":") && line.contains { $0.isLetter || $0.isNumber }
        }
    }

    /// A line without white space, emphasis, quotation marks, bullets and numbers around it.
    private static func cleaned(_ line: Substring) -> String {
        var rest = trimmed(line)
        rest = trimmed(rest.drop { "#>-*•–—·".contains($0) })
        rest = trimmed(withoutNumber(rest))
        return String(bounded(rest))
    }

    /// The line behind "1.", "(2)", "3:", "Q1." or "4 -".
    private static func withoutNumber(_ line: Substring) -> Substring {
        var rest = line.drop { $0 == "(" || $0 == "[" }
        if let first = rest.first, "QqIi".contains(first), rest.dropFirst().first?.isASCIIDigit == true {
            rest = rest.dropFirst()
        }
        let digits = rest.prefix { $0.isASCIIDigit }
        guard (1...2).contains(digits.count) else { return line }
        let behind = rest.dropFirst(digits.count)
        let spaced = behind.drop { $0 == " " }
        guard let mark = spaced.first, spaced.count == behind.count ? ".):]-".contains(mark) : mark == "-" else {
            return line
        }
        let text = spaced.dropFirst()
        // "3.5 years of experience" and "1-on-1 talks" are no list marks.
        guard text.first?.isASCIIDigit != true, mark != "-" || text.first?.isWhitespace == true else { return line }
        return text.drop { ".):]".contains($0) }
    }

    private static func withoutReasons(_ line: String) -> String {
        guard line.utf8.last == UInt8(ascii: ")"), let open = line.lastIndex(of: "(") else { return line }
        let inside = line[line.index(after: open)...].lowercased()
        guard inside.hasPrefix("because") || inside.hasPrefix("based on") else { return line }
        return String(trimmed(line[..<open]))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        func isMargin(_ character: Character) -> Bool { character.isWhitespace || "*_\"“”`".contains(character) }
        var rest = text.drop(while: isMargin)
        while let last = rest.last, isMargin(last) { rest.removeLast() }
        return rest
    }

    private static func bounded(_ text: Substring) -> Substring {
        guard text.utf8.count > maxBytes else { return text }
        var end = text.startIndex
        var bytes = 0
        for index in text.indices {
            bytes += text[index].utf8.count
            guard bytes <= maxBytes else { break }
            end = text.index(after: index)
        }
        return text[..<end]
    }

    private static func distinct(_ lines: [String], limit: Int) -> [String] {
        var seen: Set<String> = []
        return Array(lines.filter { seen.insert($0).inserted }.prefix(limit))
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
