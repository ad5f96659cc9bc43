import Hashing
import Model

/// The durable truth of one run. Nothing above it knows what keeps it.
///
/// A batch is one transaction with one sync of the disk. When `append` returns, everything in the batch that was not
/// refused is durable; when it throws, nothing of the batch counts as acknowledged, and every later call throws the
/// same.
public protocol RecordStore: AnyObject, Sendable {
    /// Makes a batch durable and answers each request in its place. Requests take effect in the order given.
    func append(_ batch: [RecordRequest]) throws -> [Result<RecordReply, RecordRefusal>]
    /// The run's record and where it stands, nil before there is a run.
    func run() throws -> RunRecord?
    /// What is durable of a partition in the open round. Throws `RecordRefusal`, as do the following.
    func partition(_ partition: UInt32, epoch: UInt64, round: UInt32) throws -> PartitionRecord
    /// A page of what is recorded of a partition's open round, or of one root in it; see `RecordedPage`.
    func outcomes(
        _ partition: UInt32, epoch: UInt64, round: UInt32, root: TurnID?, cursor: UInt64
    ) throws -> RecordedPage
    /// Changes that a merged or closed round makes to a partition's agents, from the one numbered `offset` on.
    func merged(round: UInt32, partition: UInt32, offset: UInt32) throws -> MergedPage
    /// Packed interventions that take effect with `round`, the one behind the merged one; for the holder of the
    /// environment's partition.
    func interventions(_ partition: UInt32, epoch: UInt64, round: UInt32) throws -> [[UInt8]]
    /// A page of the heads in a partition's snapshot, after an agent. Damage is refused as a conflict. Without an epoch
    /// whoever asks only reads, and holds no lease.
    func snapshot(_ partition: UInt32, epoch: UInt64?, after agent: AgentID?) throws -> SnapshotHeads
    /// A page of the first `count` entries of an agent's long-term memory, from the one numbered `offset` on. Damage is
    /// refused as a conflict.
    func memories(
        _ partition: UInt32, epoch: UInt64, agent: AgentID, offset: UInt32, count: UInt32
    ) throws -> SnapshotMemories
    /// A file by its content address.
    func file(_ hash: Digest256) throws -> [UInt8]
    /// Counts over the run.
    func summary() throws -> RecordingSummary
    /// Why the store takes nothing more, nil while it works.
    var failure: StorageFailure? { get }
    /// Ends all access and folds the journal into the store.
    func close() throws
}

/// The run's record and where it stands.
public struct RunRecord: Hashable, Sendable {
    /// The run's name.
    public var name: String
    /// The packed `RunDefinition`.
    public var definition: [UInt8]
    /// The last epoch given to a coordinator.
    public var epoch: UInt64
    /// Last closed round, 0 before the first.
    public var closedRound: UInt32
    /// The round that is open, nil between rounds.
    public var openRound: UInt32?
    /// Whether the open round is merged.
    public var merged: Bool
    /// Rounds that the run should have.
    public var rounds: UInt32
}

/// What is durable of a partition in the open round.
public struct PartitionRecord: Hashable, Sendable {
    /// Roots that have committed.
    public var committed: [TurnID]
    /// How many of these failed.
    public var failed: UInt32
}

/// A page of what is recorded of a partition's open round.
public struct RecordedPage: Hashable, Sendable {
    /// Packed trees of committed consolidations; empty for a question about one root.
    public var consolidations: [[UInt8]]
    /// Outcomes of roots that have not committed, and the embedding outcomes of these consolidations.
    public var outcomes: [OutcomeRecord]
    /// Cursor of the next page, 0 after the last.
    public var next: UInt64

    /// A page.
    public init(consolidations: [[UInt8]], outcomes: [OutcomeRecord], next: UInt64) {
        self.consolidations = consolidations
        self.outcomes = outcomes
        self.next = next
    }
}

/// A page of a round's changes to a partition.
public struct MergedPage: Sendable {
    /// A vector that a consolidation on the page recorded.
    public struct Vector: Hashable, Sendable {
        /// Whose consolidation it was. Another one's may have been given another vector for the same text.
        public var agent: AgentID
        /// Content address of the text.
        public var text: Digest128
        /// Little-endian floats, of two or four bytes as the run is configured.
        public var vector: [UInt8]
    }

    /// A change with whose turn asked for it, in the one order.
    public struct Change: Hashable, Sendable {
        /// Whose turn asked for it.
        public var source: AgentID
        /// Whom it changes.
        public var target: AgentID
        /// What changes.
        public var operation: Operation
    }

    /// The changes.
    public var changes: [Change]
    /// Vectors of the page's consolidations.
    public var vectors: [Vector]
    /// Whether more follow.
    public var more: Bool
}

/// Counts over a recording, each list sorted by name.
public struct RecordingSummary: Hashable, Sendable {
    /// A name with a number.
    public struct Count: Hashable, Sendable {
        /// The name.
        public var name: String
        /// The number.
        public var count: UInt64
    }

    /// Events by name.
    public var events: [Count]
    /// LLM calls by kind.
    public var calls: [Count]
    /// turns, turns_failed, calls_failed, attempts_rejected, void_calls, prompt_tokens, completion_tokens,
    /// embedding_calls, batches, database_bytes.
    public var counters: [Count]
    /// Digests of the closed rounds, from round 1.
    public var digests: [Digest256]
}
