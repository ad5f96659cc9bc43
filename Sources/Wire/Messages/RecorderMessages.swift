import Hashing
import MessagePack
import Model

/// Host to recorder, before any turn of the round: how many root turns the partition has. Answered by
/// `Acknowledged`.
public struct PlanRound: WireMessage {
    public static let kind = WireKind.planRound
    public static let fieldCount = 4
    public static let sizeLimit = WireLimits.small
    /// The partition.
    public var partition: UInt32
    /// The holder's epoch.
    public var epoch: UInt64
    /// The round.
    public var round: UInt32
    /// Root turns: acts and consolidations.
    public var roots: UInt32

    /// A plan.
    public init(partition: UInt32, epoch: UInt64, round: UInt32, roots: UInt32) {
        self.partition = partition
        self.epoch = epoch
        self.round = round
        self.roots = roots
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(partition))
        packer.pack(epoch)
        packer.pack(UInt64(round))
        packer.pack(UInt64(roots))
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        partition = try unpacker.readUInt32()
        epoch = try unpacker.readUInt()
        round = try unpacker.readUInt32()
        roots = try unpacker.readUInt32()
    }
}

/// Host to recorder: outcomes of calls as they become known. Answered by `Acknowledged` once durable. No epoch: an
/// outcome is a fact, whoever reports it; only commits are fenced.
public struct RecordOutcomes: WireMessage {
    public static let kind = WireKind.recordOutcomes
    /// Version 2 added outcomes with the distribution that they were drawn from, version 3 counts of tokens.
    public static let version = 3
    public static let fieldCount = 1
    public static let sizeLimit = WireLimits.bulk
    /// The outcomes.
    public var outcomes: [OutcomeRecord]

    /// A batch of outcomes.
    public init(outcomes: [OutcomeRecord]) { self.outcomes = outcomes }
    public func packFields(into packer: inout Packer) { packer.pack(outcomes) }
    public init(fields unpacker: inout Unpacker, version: Int) throws { outcomes = try unpacker.readList() }
}

/// Host to recorder: commit a tree. Answered by `CommitResult`.
public struct CommitTree: WireMessage {
    public static let kind = WireKind.commitTree
    public static let fieldCount = 6
    /// The root's partition.
    public var partition: UInt32
    /// The holder's epoch.
    public var epoch: UInt64
    /// The root turn.
    public var root: TurnID
    /// The round.
    public var round: UInt32
    /// The packed `Tree`, canonical.
    public var tree: [UInt8]
    /// Every outcome that the tree used, of LLM and embedding calls.
    public var outcomes: [OutcomeName]

    /// A commit.
    public init(
        partition: UInt32, epoch: UInt64, root: TurnID, round: UInt32, tree: [UInt8], outcomes: [OutcomeName]
    ) {
        self.partition = partition
        self.epoch = epoch
        self.root = root
        self.round = round
        self.tree = tree
        self.outcomes = outcomes
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(partition))
        packer.pack(epoch)
        root.pack(into: &packer)
        packer.pack(UInt64(round))
        packer.packBinary(tree)
        packer.pack(outcomes)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        partition = try unpacker.readUInt32()
        epoch = try unpacker.readUInt()
        root = try TurnID(from: &unpacker)
        round = try unpacker.readUInt32()
        tree = try unpacker.readBinary()
        outcomes = try unpacker.readList()
    }
}

/// Recorder's answer to `CommitTree`. A fenced or malformed commit is answered by `RequestFailed`.
public struct CommitResult: WireMessage {
    public static let kind = WireKind.commitResult
    public static let version = 2
    public static let fieldCount = 1
    public static let sizeLimit = WireLimits.small

    /// What became of the commit.
    public enum Verdict: UInt8, Sendable {
        /// The tree is durable.
        case committed = 1
        /// The same tree was durable already.
        case duplicate = 2
        /// Other outcomes are durable for some of the named calls: fetch them by `FetchOutcomes`, and run the turn
        /// again.
        case rerun = 3
    }

    /// What became of the commit.
    public var verdict: Verdict

    /// A verdict.
    public init(verdict: Verdict) { self.verdict = verdict }
    public func packFields(into packer: inout Packer) { packer.pack(UInt64(verdict.rawValue)) }
    public init(fields unpacker: inout Unpacker, version: Int) throws { verdict = try unpacker.readCase(Verdict.self) }
}

/// Host to recorder: what is durable of this partition in the open round. Answered by `PartitionState`.
public struct LoadPartition: WireMessage {
    public static let kind = WireKind.loadPartition
    public static let fieldCount = 3
    public static let sizeLimit = WireLimits.small
    /// The partition.
    public var partition: UInt32
    /// The holder's epoch.
    public var epoch: UInt64
    /// The open round.
    public var round: UInt32

    /// A question about a partition's open round.
    public init(partition: UInt32, epoch: UInt64, round: UInt32) {
        self.partition = partition
        self.epoch = epoch
        self.round = round
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(partition))
        packer.pack(epoch)
        packer.pack(UInt64(round))
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        partition = try unpacker.readUInt32()
        epoch = try unpacker.readUInt()
        round = try unpacker.readUInt32()
    }
}

/// Recorder's answer to `LoadPartition`: what has committed. What was recorded for the others comes by `FetchOutcomes`.
public struct PartitionState: WireMessage {
    public static let kind = WireKind.partitionState
    public static let version = 2
    public static let fieldCount = 2
    public static let sizeLimit = WireLimits.bulk
    /// Roots that have committed in this round.
    public var committed: [TurnID]
    /// How many of these failed.
    public var failed: UInt32

    /// A partition's open round.
    public init(committed: [TurnID], failed: UInt32) {
        self.committed = committed
        self.failed = failed
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(committed)
        packer.pack(UInt64(failed))
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        committed = try unpacker.readList()
        failed = try unpacker.readUInt32()
    }
}

/// Host to recorder: the merged operations of a closed round on the agents of a partition, in pages. Answered by
/// `MergedOperations`.
public struct FetchMerged: WireMessage {
    public static let kind = WireKind.fetchMerged
    public static let fieldCount = 3
    public static let sizeLimit = WireLimits.small
    /// The partition.
    public var partition: UInt32
    /// The closed or merged round.
    public var round: UInt32
    /// Number of operations already received.
    public var offset: UInt32

    /// A question for a page of operations.
    public init(partition: UInt32, round: UInt32, offset: UInt32) {
        self.partition = partition
        self.round = round
        self.offset = offset
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(partition))
        packer.pack(UInt64(round))
        packer.pack(UInt64(offset))
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        partition = try unpacker.readUInt32()
        round = try unpacker.readUInt32()
        offset = try unpacker.readUInt32()
    }
}

/// A merged operation with the agent whose turn asked for it.
public struct MergedOperation: Hashable, Packable {
    /// Whose turn asked for it.
    public var source: AgentID
    /// Whom it changes.
    public var target: AgentID
    /// What changes.
    public var operation: Operation

    /// An operation in its place in the merge.
    public init(source: AgentID, target: AgentID, operation: Operation) {
        self.source = source
        self.target = target
        self.operation = operation
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        source.pack(into: &packer)
        target.pack(into: &packer)
        operation.pack(into: &packer)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("merged operation", count: 3)
        self.init(
            source: try AgentID(from: &unpacker), target: try AgentID(from: &unpacker),
            operation: try Operation(from: &unpacker))
    }
}

/// The vector that an agent was given for a text.
public struct TextVector: Hashable, Packable {
    /// The agent. Another one may have been given another vector for the same text.
    public var agent: AgentID
    /// Content address of the text.
    public var text: Digest128
    /// Little-endian IEEE half floats.
    public var vector: [UInt8]

    /// The vector of a text, as an agent was given it.
    public init(agent: AgentID, text: Digest128, vector: [UInt8]) {
        self.agent = agent
        self.text = text
        self.vector = vector
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        agent.pack(into: &packer)
        packer.pack(text)
        packer.packBinary(vector)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("text vector", count: 3)
        self.init(
            agent: try AgentID(from: &unpacker), text: try unpacker.readDigest128(),
            vector: try unpacker.readBinary())
    }
}

/// Recorder's answer to `FetchMerged`: operations in the one order, and the vectors that consolidations among them
/// refer to: those of rated pending entries travel by the host's own knowledge of the texts.
public struct MergedOperations: WireMessage {
    public static let kind = WireKind.mergedOperations
    /// Version 2 says of which agent a vector is.
    public static let version = 2
    public static let fieldCount = 3
    public static let sizeLimit = WireLimits.bulk
    /// This page's operations.
    public var operations: [MergedOperation]
    /// Vectors recorded by the embedding calls of the consolidations on this page, by agent and text.
    public var vectors: [TextVector]
    /// Whether more follow.
    public var more: Bool

    /// A page.
    public init(operations: [MergedOperation], vectors: [TextVector], more: Bool) {
        self.operations = operations
        self.vectors = vectors
        self.more = more
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(operations)
        packer.pack(vectors)
        packer.pack(more)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        operations = try unpacker.readList()
        vectors = try unpacker.readList()
        more = try unpacker.readBool()
    }
}
