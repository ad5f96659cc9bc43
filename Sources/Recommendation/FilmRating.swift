/// What a film was worth to somebody.
struct FilmRating: Hashable, Sendable {
    /// Who rates. Agents count from 0; whoever rated before the run stands above all of them.
    var rater: UInt64
    /// The film's place in the catalogue.
    var film: Int
    /// Half stars, 1 to 10.
    var halfStars: Int

    /// Ratings that can be given, in the order of half stars.
    static let options = (1...10).map { "\($0 / 2).\($0.isMultiple(of: 2) ? "0" : "5")" }

    /// Films that a rating can name at most.
    static let maxFilms = 1 << 24

    /// Half stars that a text such as `3.5` or `4` means; nil for everything else.
    static func halfStars(_ text: some StringProtocol) -> Int? {
        let index = options.firstIndex { $0 == text || ($0.hasSuffix(".0") && $0.dropLast(2) == text) }
        return index.map { $0 + 1 }
    }

    /// Stars, 0.5 to 5.
    var stars: Double { Double(halfStars) / 2 }

    init(rater: UInt64, film: Int, halfStars: Int) {
        self.rater = rater
        self.film = film
        self.halfStars = halfStars
    }

    /// An agent's rating in one number, as fields keep it: rater, 24 bits of film, 4 bits of half stars.
    var packed: Int64 { Int64(rater) << 28 | Int64(film) << 4 | Int64(halfStars) }

    /// A rating of one of `films` films; nil where the number is none.
    init?(packed: Int64, films: Int) {
        self.init(
            rater: UInt64(packed.magnitude) >> 28, film: Int(packed >> 4) & 0xFF_FFFF, halfStars: Int(packed & 15))
        guard packed >= 0, film < films, (1...10).contains(halfStars) else { return nil }
    }
}
