/// What a round machine has to bring about, and from where it starts.
public struct RunPlan: Sendable, Equatable {
    /// Number of hosts that share the partitions.
    public var hosts: Int
    /// Number of partitions, without the environment's.
    public var partitions: UInt32
    /// Rounds that the run should have.
    public var rounds: UInt32
    /// Epoch of this coordinator's start.
    public var runEpoch: UInt64
    /// Simulated seconds from one round to the next.
    public var secondsPerRound: Int64
    /// Whether the environment takes a turn after each merge.
    public var hasEnvironment: Bool
    /// Rounds that the configuration intervenes in: the environment takes a turn before each of them.
    public var interventions: Set<UInt32>
    /// Failed root turns of a round, in a million, above which the run stops after that round.
    public var toleratedFailures: UInt64
    /// Last closed round, 0 before the first.
    public var closedRound: UInt32
    /// Round that is open already, nil between rounds.
    public var openRound: UInt32?
    /// Whether the open round is merged already.
    public var merged: Bool

    /// A plan; see the properties.
    public init(
        hosts: Int, partitions: UInt32, rounds: UInt32, runEpoch: UInt64, secondsPerRound: Int64,
        hasEnvironment: Bool, interventions: Set<UInt32> = [], toleratedFailures: UInt64, closedRound: UInt32 = 0,
        openRound: UInt32? = nil,
        merged: Bool = false
    ) {
        precondition(hosts > 0 && partitions > 0, "a run has a host and a partition")
        self.hosts = hosts
        self.partitions = partitions
        self.rounds = rounds
        self.runEpoch = runEpoch
        self.secondsPerRound = secondsPerRound
        self.hasEnvironment = hasEnvironment
        self.interventions = interventions
        self.toleratedFailures = toleratedFailures
        self.closedRound = closedRound
        self.openRound = openRound
        self.merged = merged
    }

    /// Simulated time at the start of a round, in seconds since the start of the run.
    public func time(ofRound round: UInt32) -> Int64 {
        secondsPerRound.multipliedReportingOverflow(by: Int64(max(round, 1)) - 1).partialValue
    }
}

/// How a run ends, or why it pauses.
public enum RunOutcome: Sendable, Hashable {
    /// All rounds are closed.
    case finished
    /// A person stopped it; resumable.
    case stopped
    /// Something is wrong, for the reason given; resumable.
    case failed(String)
}
