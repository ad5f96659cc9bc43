import Hashing

/// Text that looks like English and follows from a generator: short sentences of common words.
struct PseudoEnglish {
    var generator: SeededGenerator

    private static let openings = [
        "I", "We", "They", "People", "Most", "Many", "Some", "Others", "Perhaps", "Today", "Clearly", "Often",
    ]
    private static let words = [
        "work", "plan", "hope", "team", "skill", "salary", "city", "offer", "values", "wants", "finds", "keeps",
        "learns", "needs", "shares", "trusts", "good", "steady", "open", "clear", "strong", "useful", "honest", "new",
        "task", "choice", "future", "family", "project", "market", "company", "career", "with", "and", "for", "near",
        "about", "toward", "under", "before", "after", "because", "quite", "rather", "always", "never", "mostly",
        "still",
        "growth", "method", "detail", "reason", "answer", "talk", "list", "week", "month", "year", "place", "house",
        "data", "design", "study", "trade",
    ]

    /// A text of exactly `count` words, at least one, in sentences of five to nine.
    mutating func text(words count: Int) -> String {
        var text = ""
        var written = 0
        while written < count {
            let length = min(5 + generator.below(5), count - written)
            if written > 0 { text += " " }
            text += Self.openings[generator.below(Self.openings.count)]
            for _ in 1..<max(1, length) {
                text += " "
                text += Self.words[generator.below(Self.words.count)]
            }
            text += "."
            written += length
        }
        return text
    }

    /// `count` numbered lines of six words, each ending in `mark`.
    mutating func numberedLines(_ count: Int, mark: String) -> String {
        (1...count).map { number in
            var line = text(words: 6)
            line.removeLast()
            return "\(number). \(line)\(mark)"
        }.joined(separator: "\n")
    }
}
