import Hashing

/// What a replay came to.
public struct ReplayReport: Sendable {
    /// The run's name.
    public var run: String
    /// Rounds whose digests came out equal.
    public var rounds: UInt32 = 0
    /// Root turns executed again.
    public var roots: UInt64 = 0
    /// LLM calls of the rounds begun, as recorded.
    public var calls: UInt64 = 0
    /// Embedding calls likewise.
    public var embeddings: UInt64 = 0
    /// Seconds that these rounds took when they were recorded, each from its opening to its close, without those in
    /// which the run was paused, stopped or without a coordinator.
    public var originalSeconds = 0.0
    /// Seconds that the replay took, reading included.
    public var seconds = 0.0
    /// Processor seconds that the replay took, on all cores together.
    public var processorSeconds = 0.0
    /// Digests of the rounds that came out equal.
    public var digests: [Digest256] = []
    /// The first difference, nil where all digests are equal.
    public var difference: ReplayDifference?

    /// How many times faster than the recorded run it was; 0 where that cannot be said.
    public var factor: Double { seconds > 0 ? originalSeconds / seconds : 0 }
    /// LLM calls a second.
    public var callsPerSecond: Double { seconds > 0 ? Double(calls) / seconds : 0 }
    /// Microseconds of processor time for each LLM call.
    public var microsecondsPerCall: Double { calls > 0 ? processorSeconds * 1e6 / Double(calls) : 0 }
}
