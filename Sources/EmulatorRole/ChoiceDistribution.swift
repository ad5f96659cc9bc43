import Glibc
import Hashing

/// How likely the emulated model finds each of a request's choices. It follows from the seed, the model, the prompt and
/// the choices, not from the sampling fields; answers are drawn from it.
struct ChoiceDistribution: Equatable {
    /// What may be answered, in the request's order.
    let choices: [String]
    /// How likely each is at temperature 1; they add up to 1.
    let probabilities: [Double]

    init(choices: [String], probabilities: [Double]) {
        self.choices = choices
        self.probabilities = probabilities
    }

    /// The distribution under a policy: all equal where a hash draws, one certain where the policy says which, and
    /// uneven under `sampled`. Ratings are drawn evenly but for `sampled`.
    init(_ choices: [String], policy: ChoicePolicy, seed: UInt64, model: String, prompt: [String]) {
        self.choices = choices
        switch policy {
        case .seeded: probabilities = choices.map { _ in 1 / Double(choices.count) }
        case .first: probabilities = choices.indices.map { $0 == 0 ? 1 : 0 }
        case .max: probabilities = choices.indices.map { $0 == choices.count - 1 ? 1 : 0 }
        case .sampled:
            let hash = HashBuilder.hash64(.emulatorWeight) { builder in
                builder.append(seed)
                builder.append(model)
                builder.append(joined: prompt)
                builder.append(UInt64(choices.count))
                for choice in choices { builder.append(choice) }
            }
            var generator = SeededGenerator(seed: hash)
            // Cubes of whole numbers: uneven, and the same on every machine.
            let weights = choices.map { _ in
                let root = 1 + generator.below(100)
                return Double(root * root * root)
            }
            let sum = weights.reduce(0, +)
            probabilities = weights.map { $0 / sum }
        }
    }

    /// Draws a choice at a temperature, 1 where it is nil: at 0 the most likely, the first of equals.
    func draw(temperature: Double?, topP: Double?, generator: inout SeededGenerator) -> String {
        guard temperature != 0, let largest = probabilities.max() else { return choices[mostLikely] }
        let exponent = 1 / (temperature ?? 1)
        // Relative to the largest, so that no power of a small number becomes nothing for all.
        var weights =
            temperature == nil || temperature == 1
            ? probabilities : probabilities.map { pow($0 / largest, exponent) }
        if let topP, topP < 1 { Self.cut(&weights, to: topP) }
        let total = weights.reduce(0, +)
        var left = Double(generator.next() >> 11) * 0x1p-53 * total
        for (place, weight) in weights.enumerated() where weight > 0 {
            left -= weight
            if left < 0 { return choices[place] }
        }
        return choices[mostLikely]
    }

    /// Place of the most likely choice.
    var mostLikely: Int {
        probabilities.indices.reduce(0) { probabilities[$1] > probabilities[$0] ? $1 : $0 }
    }

    /// Leaves the likeliest choices that together have this share, at least one.
    private static func cut(_ weights: inout [Double], to share: Double) {
        let limit = share * weights.reduce(0, +)
        var sum = 0.0
        let order = weights.indices.sorted {
            weights[$0] == weights[$1] ? $0 < $1 : weights[$0] > weights[$1]
        }
        for place in order {
            if sum >= limit, sum > 0 { weights[place] = 0 } else { sum += weights[place] }
        }
    }
}
