/// What a model could have said, with how likely it found that: a token at the first place of a chat's answer, or a
/// choice of a decision.
public struct AnswerAlternative: Hashable, Sendable {
    /// The text's bytes: a token may end inside of a character.
    public var bytes: [UInt8]
    /// The probability as the server told it, checked no further than that it is a number.
    public var probability: Double

    /// An alternative of this probability.
    public init(bytes: [UInt8], probability: Double) {
        self.bytes = bytes
        self.probability = probability
    }
}
