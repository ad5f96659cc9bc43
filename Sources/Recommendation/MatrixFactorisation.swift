import Hashing

/// Explains ratings by a few numbers for each user and each film: rating = mean + bias of the film + bias of the user
/// + product of the two rows of factors. Biases are means drawn towards 0; factors are found by alternating least
/// squares with a penalty that grows with the number of ratings (Zhou, Wilkinson, Schreiber, Pan: Large-Scale Parallel
/// Collaborative Filtering for the Netflix Prize, 2008).
///
/// The result depends on the ratings alone, not on their order: they are sorted, every sum is in that order, and
/// additions, products, quotients and roots of doubles are the same on every machine.
struct MatrixFactorisation: Sendable, Equatable {
    /// Factors of a row.
    let rank: Int
    /// Times that users and films are computed in turn.
    let sweeps: Int

    /// The penalty of a rating's two rows.
    static let penalty = 0.1
    /// Ratings that a bias needs before it counts half.
    static let shrinkage = 5.0

    /// What ratings are explained by; users' rows are computed where they are needed.
    struct Fit: Sendable, Equatable {
        /// The mean of all ratings, in stars; 0 where there are none.
        var mean: Double
        /// What each film is rated above the mean.
        var biases: [Double]
        /// The films' rows, one after another.
        var factors: [Double]
    }

    /// A rater's or film's ratings: places in a list of factors, and what is left to explain.
    private struct Rows {
        /// Where each row begins in `entries`; one more than there are rows.
        var starts: [Int]
        /// The row on the other side, and its rating without mean and biases.
        var entries: [(other: Int, rest: Double)]
    }

    /// The films' part of what explains the ratings best. A film that nobody rated has a bias and factors of 0.
    func fit(_ ratings: [FilmRating], films: Int) -> Fit {
        let sorted = Self.distinct(ratings)
        guard !sorted.isEmpty else {
            return Fit(
                mean: 0, biases: Array(repeating: 0, count: films), factors: Array(repeating: 0, count: films * rank))
        }
        let mean = sorted.reduce(0) { $0 + $1.stars } / Double(sorted.count)
        let biases = Self.biases(sorted, mean: mean, films: films)
        let (byUser, byFilm) = Self.rows(sorted, mean: mean, biases: biases, films: films)
        var filmFactors = firstFactors(rated: byFilm)
        var userFactors = [Double](repeating: 0, count: (byUser.starts.count - 1) * rank)
        var solver = LeastSquares(rank: rank)
        for _ in 0..<sweeps {
            solve(byUser, filmFactors, &userFactors, &solver)
            solve(byFilm, userFactors, &filmFactors, &solver)
        }
        return Fit(mean: mean, biases: biases, factors: filmFactors)
    }

    /// The row of a user with these ratings, given the films'. All zeros for a user without ratings.
    func userFactors(_ ratings: [FilmRating], in fit: Fit) -> [Double] {
        let sorted = Self.distinct(ratings.map { FilmRating(rater: 0, film: $0.film, halfStars: $0.halfStars) })
        var row = [Double](repeating: 0, count: rank)
        guard !sorted.isEmpty else { return row }
        let rests = sorted.map { $0.stars - fit.mean - fit.biases[$0.film] }
        let bias = rests.reduce(0, +) / (Double(rests.count) + Self.shrinkage)
        let rows = Rows(
            starts: [0, sorted.count], entries: zip(sorted, rests).map { ($0.film, $1 - bias) })
        var solver = LeastSquares(rank: rank)
        solve(rows, fit.factors, &row, &solver)
        return row
    }

    /// Ratings by rater and film; of two by one rater for one film the later.
    private static func distinct(_ ratings: [FilmRating]) -> [FilmRating] {
        let order = ratings.indices.sorted {
            (ratings[$0].rater, ratings[$0].film, $0) < (ratings[$1].rater, ratings[$1].film, $1)
        }
        var sorted: [FilmRating] = []
        sorted.reserveCapacity(order.count)
        for index in order {
            let rating = ratings[index]
            if let last = sorted.last, last.rater == rating.rater, last.film == rating.film { sorted.removeLast() }
            sorted.append(rating)
        }
        return sorted
    }

    private static func biases(_ ratings: [FilmRating], mean: Double, films: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: films)
        var counts = [Double](repeating: 0, count: films)
        for rating in ratings {
            sums[rating.film] += rating.stars - mean
            counts[rating.film] += 1
        }
        return zip(sums, counts).map { $0 / ($1 + shrinkage) }
    }

    /// Ratings from both sides, without mean and biases, each side's rows in order.
    private static func rows(
        _ ratings: [FilmRating], mean: Double, biases: [Double], films: Int
    ) -> (byUser: Rows, byFilm: Rows) {
        var users = Rows(starts: [0], entries: [])
        users.entries.reserveCapacity(ratings.count)
        var filmStarts = [Int](repeating: 0, count: films + 1)
        for rating in ratings { filmStarts[rating.film + 1] += 1 }
        for film in 0..<films { filmStarts[film + 1] += filmStarts[film] }
        var entries = [(other: Int, rest: Double)](repeating: (0, 0), count: ratings.count)
        var next = filmStarts
        var start = 0
        while start < ratings.count {
            let end = ratings[start...].firstIndex { $0.rater != ratings[start].rater } ?? ratings.count
            let rests = ratings[start..<end].map { $0.stars - mean - biases[$0.film] }
            let bias = rests.reduce(0, +) / (Double(rests.count) + shrinkage)
            let user = users.starts.count - 1
            for (rating, rest) in zip(ratings[start..<end], rests) {
                users.entries.append((rating.film, rest - bias))
                entries[next[rating.film]] = (user, rest - bias)
                next[rating.film] += 1
            }
            users.starts.append(end)
            start = end
        }
        return (users, Rows(starts: filmStarts, entries: entries))
    }

    /// Where the search begins: small numbers, drawn, since from zeros nothing would ever move.
    private func firstFactors(rated: Rows) -> [Double] {
        var generator = SeededGenerator(
            seed: HashBuilder.hash64(.namedDraw) { $0.append(joined: ["first factors of films"]) })
        var factors = [Double](repeating: 0, count: (rated.starts.count - 1) * rank)
        for index in factors.indices {
            let drawn = Double(generator.below(2_000_001) - 1_000_000) / 1_000_000
            let film = index / rank
            if rated.starts[film] < rated.starts[film + 1] { factors[index] = drawn }
        }
        return factors
    }

    /// Sets each row with entries to what explains them best, given the other side's rows.
    private func solve(_ rows: Rows, _ others: [Double], _ factors: inout [Double], _ solver: inout LeastSquares) {
        for row in 0..<rows.starts.count - 1 where rows.starts[row] < rows.starts[row + 1] {
            let range = rows.starts[row]..<rows.starts[row + 1]
            solver.reset(penalty: Self.penalty * Double(range.count))
            for entry in rows.entries[range] { solver.add(others, at: entry.other * rank, entry.rest) }
            solver.solve(into: &factors, at: row * rank)
        }
    }
}
