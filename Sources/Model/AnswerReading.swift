/// How an answer comes about.
public enum AnswerReading: UInt8, Sendable, CaseIterable {
    /// The model samples it, by the call's own seed.
    case sample = 0
    /// The probabilities of the options are read once for all who ask the same, and each call's answer is drawn from
    /// them by its own seed. Only for choices.
    case distribution = 1
}
