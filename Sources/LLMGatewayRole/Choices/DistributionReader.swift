import JSON
import Model

/// Reads from a server's reply how likely each option of a choice is.
enum DistributionReader {
    /// The options' share of the probability below which the model meant to say something else.
    static let leastCoverage = 0.5
    /// The share that tokens with which several options begin may have beside the options' own.
    static let mostAmbiguity = 0.01

    /// The distribution of the options, in their order, at the request's temperature.
    static func read(
        _ alternatives: [AnswerAlternative]?, by way: ReadingWay, options: [String], sampling: Sampling
    ) throws(UnreadableDistribution) -> ChoiceDistribution {
        guard let alternatives, !alternatives.isEmpty else {
            throw UnreadableDistribution(reason: "the server told no probabilities")
        }
        // Rounding apart, they are a part of a whole. The comparison fails for what is no number, too.
        let sum = alternatives.reduce(0) { $0 + $1.probability }
        guard alternatives.allSatisfy({ $0.probability >= 0 }), sum <= 1.01 else {
            throw UnreadableDistribution(reason: "what the server told are no probabilities")
        }
        var shares = [Double](repeating: 0, count: options.count)
        var ambiguous = 0.0
        let texts = options.map { way == .decision ? Array($0.utf8) : withoutSpaceInFront($0.utf8) }
        for alternative in alternatives {
            switch option(alternative.bytes, among: texts, by: way) {
            case .one(let place): shares[place] += alternative.probability
            case .several: ambiguous += alternative.probability
            case .none: break
            }
        }
        let covered = shares.reduce(0, +)
        guard ambiguous <= mostAmbiguity * (covered + ambiguous) else {
            throw UnreadableDistribution(reason: "several options begin with the same token")
        }
        guard covered >= leastCoverage else {
            throw UnreadableDistribution(
                reason: "the options had \(Int(covered * 100)) % of the probability, too little to choose by")
        }
        return ChoiceDistribution(
            shares: shares, coverage: covered, temperature: sampling.temperature, topP: sampling.topP)
    }

    /// Which options an alternative leads to.
    private enum Match { case none, one(Int), several }

    /// A whole option, or the beginning of one. Nothing is guessed beyond that: another spelling is another answer.
    private static func option(_ bytes: [UInt8], among options: [[UInt8]], by way: ReadingWay) -> Match {
        let token = way == .decision ? bytes : withoutSpaceInFront(bytes)
        guard !token.isEmpty else { return .none }
        var found: Int?
        for (place, option) in options.enumerated() {
            guard way == .decision ? option == token : option.starts(with: token) else { continue }
            guard found == nil else { return .several }
            found = place
        }
        return found.map { .one($0) } ?? .none
    }

    private static func withoutSpaceInFront(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        Array(bytes.drop { $0 == 0x20 || (0x09...0x0D).contains($0) })
    }
}
