import JSON
import Support

/// The films of a run, and what was rated before it.
struct FilmCatalogue: Sendable, Equatable {
    /// The films; a place in this list is what everything else calls a film by.
    var films: [Film] = []
    /// Ratings from before the run, of people who are no agents.
    var ratings: [FilmRating] = []

    /// Films of a catalogue at most.
    static let maxFilms = 200_000
    /// Bytes of a title or list of genres at most.
    private static let maxTextBytes = 1_000

    /// Reads a catalogue: a CSV file with the columns title, year and genres, the original's JSON, or a folder as
    /// MovieLens publishes it. Of a folder the ratings are read only where `needsRatings`.
    static func read(
        _ path: String, needsRatings: Bool, _ read: (String) throws -> [UInt8]
    ) throws -> FilmCatalogue {
        if path.hasSuffix(".csv") { return try ours(read(path), path) }
        if path.hasSuffix(".json") { return try originals(read(path), path) }
        let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
        let movies = "\(folder)/movies.csv"
        var (catalogue, places) = try movieLens(read(movies), movies)
        if needsRatings {
            let ratings = "\(folder)/ratings.csv"
            catalogue.ratings = try MovieLensRatings(file: ratings, places: places).ratings(in: read(ratings))
        }
        return catalogue
    }

    /// A CSV file of our own: each film once.
    private static func ours(_ bytes: [UInt8], _ file: String) throws(UserError) -> FilmCatalogue {
        let table = try TableReaderColumns(file: file, names: ["title", "year", "genres"], bytes: bytes)
        var list = FilmList(file: file, keepsFirst: false)
        for (index, row) in table.rows.enumerated() {
            guard row[1].isEmpty || Film.year(row[1]) != nil else {
                throw error(file, index, "\(row[1].prefix(20)) is no year", "write four digits, or nothing")
            }
            let genres = row[2].split(separator: "|").map { String($0) }
            try list.add(Film(title: row[0], year: Film.year(row[1]), genres: genres))
        }
        return FilmCatalogue(films: try list.checked())
    }

    /// The original's items: a list of objects with `title` and `genres`. Of two alike the first counts.
    private static func originals(_ bytes: [UInt8], _ file: String) throws -> FilmCatalogue {
        let items: [JSONValue]
        do {
            guard let list = try JSONValue(parsing: bytes, limits: JSONLimits(maximumBytes: 48 << 20)).arrayValue else {
                throw UserError(
                    "the file holds no JSON list", at: file, advice: "is this the right file?", exitCode: .dataError)
            }
            items = list
        } catch let error as JSONError {
            throw UserError("\(error)", at: file, advice: "check quotes, commas and brackets", exitCode: .dataError)
        }
        var list = FilmList(file: file, keepsFirst: true)
        for (index, item) in items.enumerated() {
            guard let title = item.objectValue?["title"]?.stringValue,
                let genres = item.objectValue?["genres"]?.stringValue
            else { throw error(file, index, "the item has no texts title and genres", "give both") }
            try list.add(Film(marked: title, genres: genres))
        }
        return FilmCatalogue(films: try list.checked())
    }

    /// The films of a MovieLens folder, and the place of each by its number. Of two alike the first counts for both.
    private static func movieLens(
        _ bytes: [UInt8], _ file: String
    ) throws(UserError) -> (FilmCatalogue, places: [UInt32: Int]) {
        let table = try TableReaderColumns(file: file, names: ["movieId", "title", "genres"], bytes: bytes)
        var list = FilmList(file: file, keepsFirst: true)
        var places: [UInt32: Int] = [:]
        for (index, row) in table.rows.enumerated() {
            guard let number = UInt32(row[0]), places[number] == nil else {
                throw error(file, index, "\(row[0].prefix(20)) is no movieId of its own", "give each film a number")
            }
            places[number] = try list.add(
                Film(marked: row[1], genres: row[2] == "(no genres listed)" ? "" : row[2]))
        }
        return (FilmCatalogue(films: try list.checked()), places)
    }

    private static func error(_ file: String, _ index: Int, _ what: String, _ advice: String) -> UserError {
        UserError(what, at: "\(file), record \(index + 1)", advice: advice, exitCode: .dataError)
    }

    /// Films as they are read, each once.
    private struct FilmList {
        let file: String
        /// Whether of two films alike the first counts; else they are an error.
        let keepsFirst: Bool
        private var films: [Film] = []
        private var places: [String: Int] = [:]

        init(file: String, keepsFirst: Bool) {
            self.file = file
            self.keepsFirst = keepsFirst
        }

        /// Adds a film and returns its place.
        @discardableResult mutating func add(_ film: Film) throws(UserError) -> Int {
            let record = places.count
            let texts = [film.title] + film.genres
            guard !film.title.isEmpty, film.text.utf8.count <= maxTextBytes,
                !texts.contains(where: { $0.utf8.contains { $0 < 32 || $0 == 127 } })
            else {
                throw error(file, record, "the title or the genres are empty, too long or hold control characters", "")
            }
            if let known = places[film.name] {
                guard keepsFirst else { throw error(file, record, "\(film.name) stands here twice", "take one out") }
                return known
            }
            guard films.count < maxFilms else {
                throw error(file, record, "there are more than \(maxFilms) films", "take some out")
            }
            places[film.name] = films.count
            films.append(film)
            return films.count - 1
        }

        func checked() throws(UserError) -> [Film] {
            guard !films.isEmpty else {
                throw UserError(
                    "the catalogue has no films", at: file, advice: "add at least one", exitCode: .dataError)
            }
            return films
        }
    }
}
