import Hashing

/// What makes two attempts the same work: an equal request whose answer follows from it, at temperature 0 or by an
/// equal seed. Who asks does not enter.
struct WorkKey: Hashable {
    /// Hash of the request.
    var request: Digest128
    /// The seed, where the answer depends on it.
    var seed: UInt64?
    /// The attempt, from 0: an answer that was rejected is not asked to be accepted.
    var attempt: Int
    /// How probabilities are read; nil where an answer is sampled.
    var reading: ReadingWay?
}
