import Hashing
import Testing

@testable import Recommendation

/// The fit of ratings, against a reference that takes no short ways.
@Suite struct MatrixFactorisationTests {
    /// Ratings by users of films, each pair at most once, from a seed.
    static func ratings(users: Int, films: Int, share: Int, seed: UInt64) -> [FilmRating] {
        var generator = SeededGenerator(seed: seed)
        var ratings: [FilmRating] = []
        for user in 0..<users {
            for film in 0..<films where generator.below(100) < share {
                ratings.append(FilmRating(rater: UInt64(user), film: film, halfStars: 1 + generator.below(10)))
            }
        }
        return ratings
    }

    /// Gauss's elimination with full rows, for reference.
    private static func solution(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
        var rows = zip(matrix, right).map { $0 + [$1] }
        let size = right.count
        for column in 0..<size {
            let pivot = (column..<size).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
            rows.swapAt(column, pivot)
            for row in 0..<size where row != column {
                let factor = rows[row][column] / rows[column][column]
                for place in column...size { rows[row][place] -= factor * rows[column][place] }
            }
        }
        return (0..<size).map { rows[$0][size] / rows[$0][$0] }
    }

    /// The best row for what is left of ratings, given the other side's rows: normal equations written out.
    private static func row(_ rests: [(other: [Double], rest: Double)], rank: Int) -> [Double] {
        var matrix = [[Double]](repeating: Array(repeating: 0, count: rank), count: rank)
        var right = [Double](repeating: 0, count: rank)
        for (other, rest) in rests {
            for row in 0..<rank {
                for column in 0..<rank { matrix[row][column] += other[row] * other[column] }
                right[row] += other[row] * rest
            }
        }
        for place in 0..<rank { matrix[place][place] += MatrixFactorisation.penalty * Double(rests.count) }
        return solution(matrix, right)
    }

    /// What is left of each rating without mean and biases, by user and film.
    private static func rests(_ ratings: [FilmRating], _ fit: MatrixFactorisation.Fit) -> [[Int]: Double] {
        var rests: [[Int]: Double] = [:]
        for user in Set(ratings.map(\.rater)) {
            let own = ratings.filter { $0.rater == user }
            let plain = own.map { Double($0.halfStars) / 2 - fit.mean - fit.biases[$0.film] }
            let bias = plain.reduce(0, +) / (Double(own.count) + MatrixFactorisation.shrinkage)
            for (rating, rest) in zip(own, plain) { rests[[Int(user), rating.film]] = rest - bias }
        }
        return rests
    }

    @Test(arguments: [1, 2, 5, 8]) func filmsFactorsAreWhatTheNormalEquationsSay(rank: Int) {
        let (users, films) = (23, 17)
        let ratings = Self.ratings(users: users, films: films, share: 40, seed: UInt64(rank))
        let before = MatrixFactorisation(rank: rank, sweeps: 3).fit(ratings, films: films)
        let after = MatrixFactorisation(rank: rank, sweeps: 4).fit(ratings, films: films)
        #expect(before.mean == after.mean && before.biases == after.biases)
        let rests = Self.rests(ratings, before)
        func factors(_ fit: MatrixFactorisation.Fit, _ film: Int) -> [Double] {
            Array(fit.factors[film * rank..<(film + 1) * rank])
        }
        // One more sweep by the reference: users from the films before, then films from these users.
        let userRows = (0..<users).map { user in
            Self.row(
                (0..<films).compactMap { film in rests[[user, film]].map { (factors(before, film), $0) } }, rank: rank)
        }
        for film in 0..<films {
            let expected = Self.row(
                (0..<users).compactMap { user in rests[[user, film]].map { (userRows[user], $0) } }, rank: rank)
            for (own, other) in zip(factors(after, film), expected) { #expect(abs(own - other) < 1e-9) }
        }
    }

    @Test func meanAndBiasesAreWhatTheyAreCalled() {
        let ratings = Self.ratings(users: 30, films: 9, share: 50, seed: 4)
        let fit = MatrixFactorisation(rank: 2, sweeps: 1).fit(ratings, films: 9)
        let mean = ratings.map { Double($0.halfStars) / 2 }.reduce(0, +) / Double(ratings.count)
        #expect(abs(fit.mean - mean) < 1e-12)
        for film in 0..<9 {
            let own = ratings.filter { $0.film == film }.map { Double($0.halfStars) / 2 - mean }
            #expect(abs(fit.biases[film] - own.reduce(0, +) / (Double(own.count) + 5)) < 1e-12)
        }
    }

    @Test func aUsersFactorsAreWhatTheNormalEquationsSay() {
        let (rank, films) = (6, 40)
        let model = MatrixFactorisation(rank: rank, sweeps: 5)
        let fit = model.fit(Self.ratings(users: 50, films: films, share: 30, seed: 9), films: films)
        let own = Self.ratings(users: 1, films: films, share: 35, seed: 10)
        let rests = Self.rests(own, fit)
        let expected = Self.row(
            own.map { (Array(fit.factors[$0.film * rank..<($0.film + 1) * rank]), rests[[0, $0.film]] ?? .nan) },
            rank: rank)
        for (found, other) in zip(model.userFactors(own, in: fit), expected) { #expect(abs(found - other) < 1e-9) }
        #expect(model.userFactors([], in: fit) == Array(repeating: 0, count: rank))
    }

    @Test(arguments: 1...5) func theOrderOfRatingsHasNoEffect(seed: UInt64) {
        let ratings = Self.ratings(users: 40, films: 20, share: 30, seed: seed)
        var generator = SeededGenerator(seed: seed)
        let model = MatrixFactorisation(rank: 4, sweeps: 6)
        #expect(model.fit(ratings, films: 20) == model.fit(generator.shuffled(ratings), films: 20))
    }

    @Test func ofTwoRatingsOfOneFilmByOneUserTheLaterCounts() {
        let ratings = Self.ratings(users: 10, films: 8, share: 60, seed: 2)
        let model = MatrixFactorisation(rank: 3, sweeps: 4)
        let earlier = ratings.map { FilmRating(rater: $0.rater, film: $0.film, halfStars: 11 - $0.halfStars) }
        #expect(model.fit(earlier + ratings, films: 8) == model.fit(ratings, films: 8))
    }

    @Test func noRatingsFitToNothing() {
        let fit = MatrixFactorisation(rank: 3, sweeps: 2).fit([], films: 2)
        #expect(fit == .init(mean: 0, biases: [0, 0], factors: Array(repeating: 0, count: 6)))
    }

    @Test func filmsThatNobodyRatedHaveNoFactors() {
        let ratings = Self.ratings(users: 10, films: 5, share: 80, seed: 3)
        let fit = MatrixFactorisation(rank: 3, sweeps: 2).fit(ratings, films: 6)
        #expect(fit.biases[5] == 0 && fit.factors[15...].allSatisfy { $0 == 0 })
    }

    @Test func likingsThatAreThereAreFound() {
        // Two kinds of users, two kinds of films: each likes its own.
        var ratings: [FilmRating] = []
        var generator = SeededGenerator(seed: 7)
        for user in 0..<60 {
            for film in 0..<30 where generator.below(2) == 0 {
                ratings.append(
                    FilmRating(rater: UInt64(user), film: film, halfStars: user % 2 == film % 2 ? 9 : 3))
            }
        }
        let model = MatrixFactorisation(rank: 4, sweeps: 8)
        let fit = FixedFit(model.fit(ratings, films: 30))
        for kind in 0..<2 {
            let own = (0..<6).map { FilmRating(rater: 99, film: $0, halfStars: kind == $0 % 2 ? 9 : 3) }
            let row = FixedFit.row(model.userFactors(own, in: fit.fit))
            let best = TopFilms.best(8, of: 30, seen: Set(0..<6), from: 0) { fit.score($0, row) }
            #expect(best.count == 8 && best.allSatisfy { $0 % 2 == kind }, "\(best)")
        }
    }

    @Test func aFitIsKeptInWholeNumbersWithoutLoss() {
        let ratings = Self.ratings(users: 20, films: 11, share: 50, seed: 6)
        let fit = MatrixFactorisation(rank: 5, sweeps: 3).fit(ratings, films: 11)
        let fixed = FixedFit(fit)
        for (exact, rounded) in zip(fit.factors + fit.biases, fixed.fit.factors + fixed.fit.biases) {
            #expect(abs(exact - rounded) <= 0.5 / FixedFit.one)
        }
        #expect(FixedFit.factors(fixed.packedFactors, count: 55) == fixed.factors)
        let extremes = [Int64(Int16.max), -Int64(Int16.max), 0, -1, 1]
        let packed = FixedFit(mean: 0, biases: [], factors: extremes).packedFactors
        #expect(packed.count == 2 && FixedFit.factors(packed, count: 5) == extremes)
    }

    @Test func scoresAreThoseOfDoubles() {
        let (rank, films) = (4, 12)
        let model = MatrixFactorisation(rank: rank, sweeps: 4)
        let fit = model.fit(Self.ratings(users: 25, films: films, share: 50, seed: 8), films: films)
        let own = Self.ratings(users: 1, films: films, share: 50, seed: 11)
        let fixed = FixedFit(fit)
        let user = model.userFactors(own, in: fit)
        for film in 0..<films {
            var expected = fit.biases[film]
            for place in 0..<rank { expected += user[place] * fit.factors[film * rank + place] }
            let score = Double(fixed.score(film, FixedFit.row(user))) / FixedFit.one / FixedFit.one
            #expect(abs(score - expected) < 0.01)
        }
    }
}
