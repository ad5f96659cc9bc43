import Hashing
import MessagePack

/// How likely a model found each option of a choice. Whole numbers: with the seed of a call they say which option it
/// got, on every machine.
public struct ChoiceDistribution: Hashable, Sendable {
    /// What the probabilities add up to.
    public static let whole: UInt32 = 1_000_000

    /// The options' probabilities in millionths, in the order of the options; they add up to `whole`.
    public let probabilities: [UInt32]
    /// The probability in millionths that the options had together before it was shared out among them; the rest was
    /// at answers that are none of them.
    public let coverage: UInt32

    /// A distribution; nil where the probabilities do not add up to a whole or the coverage exceeds it.
    public init?(probabilities: [UInt32], coverage: UInt32) {
        let sum = probabilities.reduce(UInt64(0)) { $0 + UInt64($1) }
        guard sum == UInt64(Self.whole), coverage <= Self.whole else { return nil }
        self.probabilities = probabilities
        self.coverage = coverage
    }

    /// The option, by its place, that a call of this seed gets.
    public func draw(seed: UInt64) -> Int {
        // The seed goes to servers, too, where it starts generators that are not ours.
        var generator = SeededGenerator(seed: HashBuilder.hash64(.choiceDraw) { $0.append(seed) })
        var left = generator.below(Int(Self.whole))
        for (place, probability) in probabilities.enumerated() {
            if left < Int(probability) { return place }
            left -= Int(probability)
        }
        preconditionFailure("the probabilities of a distribution add up to less than a whole")
    }
}

extension ChoiceDistribution: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 2)
        packer.packArray(count: probabilities.count)
        for probability in probabilities { packer.pack(UInt64(probability)) }
        packer.pack(UInt64(coverage))
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("distribution", count: 2)
        var probabilities: [UInt32] = []
        for _ in 0..<(try unpacker.readArrayHeader()) { probabilities.append(try unpacker.readUInt32()) }
        guard let read = Self(probabilities: probabilities, coverage: try unpacker.readUInt32()) else {
            throw DecodingFailure.range("distribution")
        }
        self = read
    }
}
