import Model

/// A film: facts that everybody may know.
struct Film: Sendable, Equatable {
    /// Its title, without the year.
    var title: String
    /// The year of its release; nil where the catalogue gives none.
    var year: Int?
    /// Its genres, in the catalogue's order.
    var genres: [String]

    /// What people call it: `Heat (1995)`.
    var name: String { year.map { "\(title) (\($0))" } ?? title }

    /// What is embedded of it; no two films with different names have the same.
    var text: String { "\(name)\n\(genres.joined(separator: ", "))" }

    /// The film as templates hold it.
    var fields: [String: Value] { ["film": .text(name), "genres": .text(genres.joined(separator: ", "))] }

    init(title: String, year: Int?, genres: [String]) {
        self.title = title
        self.year = year
        self.genres = genres
    }

    /// A film as MovieLens and the original write it: `Heat (1995)` and `Action|Crime`.
    init(marked text: String, genres marked: String) {
        let genres = marked.split(separator: "|").map { String($0) }
        let trimmed = text.trimmingSuffix(" ")
        let tail = trimmed.suffix(7)
        if tail.hasPrefix(" ("), tail.hasSuffix(")"), let year = Self.year(tail.dropFirst(2).dropLast()) {
            self.init(title: String(trimmed.dropLast(7)), year: year, genres: genres)
        } else {
            self.init(title: trimmed, year: nil, genres: genres)
        }
    }

    /// A year in four digits.
    static func year(_ text: some StringProtocol) -> Int? {
        guard text.utf8.count == 4, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }
}

extension String {
    fileprivate func trimmingSuffix(_ end: Character) -> String {
        var rest = self[...]
        while rest.last == end { rest.removeLast() }
        return String(rest)
    }
}
