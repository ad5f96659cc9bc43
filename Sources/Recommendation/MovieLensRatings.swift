import Support

/// Reads `ratings.csv` as MovieLens publishes it: `userId,movieId,rating,timestamp`, numbers alone. Byte by byte, since
/// it has a million lines and more.
struct MovieLensRatings {
    let file: String
    /// Each film's place by its number.
    let places: [UInt32: Int]

    /// The ratings in `bytes`, in the file's order. Those of films that the catalogue lacks are an error.
    func ratings(in bytes: [UInt8]) throws(UserError) -> [FilmRating] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)[...]
        guard let header = lines.popFirst(), Self.text(header).hasPrefix("userId,movieId,rating") else {
            throw error(0, "the first line does not begin with userId,movieId,rating")
        }
        var ratings: [FilmRating] = []
        ratings.reserveCapacity(lines.count)
        for (index, line) in lines.enumerated() {
            let parts = line.split(separator: UInt8(ascii: ","), maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count >= 3, let user = Self.number(parts[0]), let movie = Self.number(parts[1]),
                let halfStars = FilmRating.halfStars(Self.text(parts[2]))
            else { throw error(index + 1, "the line is no user, film and rating of 0.5 to 5.0") }
            guard let film = places[movie] else { throw error(index + 1, "there is no film \(movie) in movies.csv") }
            // Above the numbers of all agents, who rate during the run.
            ratings.append(FilmRating(rater: 1 << 32 + UInt64(user), film: film, halfStars: halfStars))
        }
        return ratings
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        guard (1...10).contains(bytes.count) else { return nil }
        var number: UInt64 = 0
        for byte in bytes {
            guard (48...57).contains(byte) else { return nil }
            number = number * 10 + UInt64(byte - 48)
        }
        return UInt32(exactly: number)
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes, as: UTF8.self)
    }

    private func error(_ line: Int, _ what: String) -> UserError {
        UserError(
            what, at: "\(file), record \(line)", advice: "the file has to be as MovieLens publishes it",
            exitCode: .dataError)
    }
}
