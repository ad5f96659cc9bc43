import Model

/// A fit in whole numbers of 1/4096, as the environment keeps it: what ranks films is computed in integers.
struct FixedFit: Sendable, Equatable {
    /// One, in these units.
    static let one = 4_096.0

    /// The mean rating.
    var mean: Int64
    /// The films' biases.
    var biases: [Int64]
    /// The films' rows of factors, one after another; 16 bits each.
    var factors: [Int64]

    init(mean: Int64, biases: [Int64], factors: [Int64]) {
        self.mean = mean
        self.biases = biases
        self.factors = factors
    }

    /// A fit, rounded.
    init(_ fit: MatrixFactorisation.Fit) {
        mean = Self.fixed(fit.mean)
        biases = fit.biases.map(Self.fixed)
        factors = fit.factors.map(Self.fixed)
    }

    /// Rounded, and within 16 bits: ratings and factors beyond 7 mean nothing.
    private static func fixed(_ number: Double) -> Int64 {
        // What is no number comes from nowhere but a fit that somebody spoiled.
        guard number.isFinite else { return 0 }
        return Int64(max(-Double(Int16.max), min(Double(Int16.max), (number * one).rounded())))
    }

    /// The same in doubles.
    var fit: MatrixFactorisation.Fit {
        MatrixFactorisation.Fit(
            mean: Double(mean) / Self.one, biases: biases.map { Double($0) / Self.one },
            factors: factors.map { Double($0) / Self.one })
    }

    /// A user's row, rounded for scores.
    static func row(_ factors: [Double]) -> [Int64] { factors.map(fixed) }

    /// What a user with this row is expected to rate a film above its own mean.
    func score(_ film: Int, _ row: [Int64]) -> Int64 {
        var score = biases[film] * Int64(Self.one)
        for (index, factor) in row.enumerated() { score += factor * factors[film * row.count + index] }
        return score
    }

    // MARK: As fields of the environment

    /// Factors four to a number: the field crosses the network each round.
    var packedFactors: [Int64] {
        stride(from: 0, to: factors.count, by: 4).map { start in
            (0..<4).reduce(into: Int64(0)) { packed, offset in
                let factor = start + offset < factors.count ? factors[start + offset] : 0
                packed |= Int64(UInt16(truncatingIfNeeded: factor)) << (16 * offset)
            }
        }
    }

    /// Factors from numbers with four in each.
    static func factors(_ packed: [Int64], count: Int) -> [Int64] {
        (0..<count).map { Int64(Int16(truncatingIfNeeded: packed[$0 / 4] >> (16 * ($0 % 4)))) }
    }
}
