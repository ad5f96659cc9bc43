import Glibc
import Model

extension ChoiceDistribution {
    /// The distribution from which a model that finds the options this likely samples at a temperature and within a
    /// nucleus, both in thousandths. The shares are not negative and not all zero.
    init(shares: [Double], coverage: Double, temperature: UInt32, topP: UInt32) {
        var weights = Self.tempered(shares, temperature: temperature)
        Self.cut(&weights, to: Double(topP) / 1_000)
        let covered = UInt32(max(0, min(1, coverage)) * Double(Self.whole))
        guard let distribution = Self(probabilities: Self.millionths(weights), coverage: covered) else {
            preconditionFailure("shares were rounded to another sum than a whole")
        }
        self = distribution
    }

    /// Relative to the largest, so that no power of a small number becomes nothing for all.
    private static func tempered(_ shares: [Double], temperature: UInt32) -> [Double] {
        guard let largest = shares.max(), largest > 0 else {
            preconditionFailure("a distribution needs an option that is possible")
        }
        guard temperature > 0 else {
            let likeliest = shares.firstIndex(of: largest)
            return shares.indices.map { $0 == likeliest ? 1 : 0 }
        }
        return shares.map { temperature == 1_000 ? $0 / largest : pow($0 / largest, 1_000 / Double(temperature)) }
    }

    /// Leaves the likeliest options that together have this share, at least one; of equals the first.
    private static func cut(_ weights: inout [Double], to share: Double) {
        guard share < 1 else { return }
        let limit = share * weights.reduce(0, +)
        var sum = 0.0
        for place in order(of: weights) {
            if sum >= limit, sum > 0 { weights[place] = 0 } else { sum += weights[place] }
        }
    }

    /// Rounded so that they add up to a whole: what is left after rounding down goes to the largest remainders, one
    /// millionth each.
    private static func millionths(_ weights: [Double]) -> [UInt32] {
        let sum = weights.reduce(0, +)
        let exact = weights.map { $0 / sum * Double(whole) }
        var rounded = exact.map { UInt32($0) }
        var missing = Int(whole) - rounded.reduce(0) { $0 + Int($1) }
        for place in order(of: zip(exact, rounded).map { $0 - Double($1) }) where missing > 0 {
            rounded[place] += 1
            missing -= 1
        }
        return rounded
    }

    /// Places from the largest to the smallest, equals in their order.
    private static func order(of values: [Double]) -> [Int] {
        values.indices.sorted { values[$0] == values[$1] ? $0 < $1 : values[$0] > values[$1] }
    }
}
