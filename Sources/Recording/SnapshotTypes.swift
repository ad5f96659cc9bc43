import Hashing
import Model

/// A piece of a partition's snapshot.
public struct SnapshotPiece: Hashable, Sendable {
    /// An entry of long-term memory, whose text and vector are recorded already.
    public struct Memory: Hashable, Sendable {
        /// Content address of the text.
        public var text: Digest128
        /// Simulated seconds since the start of the run.
        public var time: Int64
        /// Its rating, 0 to 10.
        public var importance: UInt8
        /// The checksum of its vector in fixed point, which tells it from others that the text was given; nil where it
        /// has none.
        public var vector: UInt64?

        /// An entry.
        public init(text: Digest128, time: Int64, importance: UInt8, vector: UInt64?) {
            self.text = text
            self.time = time
            self.importance = importance
            self.vector = vector
        }
    }

    /// What changed of an agent.
    public struct Agent: Hashable, Sendable {
        /// The agent.
        public var agent: AgentID
        /// Everything but long-term memory, as its host packed it.
        public var head: [UInt8]
        /// Number of entries that snapshots hold already; 0 starts anew.
        public var archived: UInt32
        /// The entries after these.
        public var entries: [Memory]

        /// An agent's change.
        public init(agent: AgentID, head: [UInt8], archived: UInt32, entries: [Memory]) {
            self.agent = agent
            self.head = head
            self.archived = archived
            self.entries = entries
        }
    }

    /// The partition.
    public var partition: UInt32
    /// The holder's epoch.
    public var epoch: UInt64
    /// The closed round as of whose end the agents are.
    public var round: UInt32
    /// A piece of the agents that changed, in ascending order.
    public var agents: [Agent]
    /// Whether it is the first of all agents that ever changed, with all of their memories: only such a piece may take
    /// the place of a snapshot that was refused as damaged.
    public var startsAnew: Bool
    /// Whether this is the last piece: with it the snapshot is valid.
    public var isLast: Bool

    /// A piece.
    public init(
        partition: UInt32, epoch: UInt64, round: UInt32, agents: [Agent], startsAnew: Bool = false, isLast: Bool
    ) {
        self.partition = partition
        self.epoch = epoch
        self.round = round
        self.agents = agents
        self.startsAnew = startsAnew
        self.isLast = isLast
    }
}

/// A page of the heads of a partition, in ascending order of agents.
public struct SnapshotHeads: Hashable, Sendable {
    /// A head.
    public struct Head: Hashable, Sendable {
        /// The agent.
        public var agent: AgentID
        /// The round as of whose end it is.
        public var round: UInt32
        /// The head as its host packed it.
        public var head: [UInt8]
    }

    /// The round of the last complete snapshot, 0 without one.
    public var round: UInt32
    /// The heads.
    public var heads: [Head]
    /// Whether more follow.
    public var more: Bool
}

/// A page of an agent's long-term memory.
public struct SnapshotMemories: Hashable, Sendable {
    /// An entry in full.
    public struct Entry: Hashable, Sendable {
        /// The text.
        public var text: String
        /// Simulated seconds since the start of the run.
        public var time: Int64
        /// Its rating.
        public var importance: UInt8
        /// Little-endian floats, as they were recorded; empty where it has no vector.
        public var vector: [UInt8]
    }

    /// The entries, the oldest first.
    public var entries: [Entry]
    /// Whether more follow.
    public var more: Bool
}
