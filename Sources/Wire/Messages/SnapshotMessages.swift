import Hashing
import MessagePack
import Model

/// An entry of long-term memory as a snapshot keeps it: text and vector are in the recording already.
public struct ArchivedMemory: Hashable, Packable {
    /// Content address of the text.
    public var text: Digest128
    /// Simulated seconds since the start of the run.
    public var time: Int64
    /// Its rating, 0 to 10.
    public var importance: UInt8
    /// The checksum of its vector, which tells it from others that the text was given; nil where it has none.
    public var vector: UInt64?

    /// An entry.
    public init(text: Digest128, time: Int64, importance: UInt8, vector: UInt64?) {
        self.text = text
        self.time = time
        self.importance = importance
        self.vector = vector
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 4)
        packer.pack(text)
        packer.pack(time)
        packer.pack(UInt64(importance))
        if let vector { packer.pack(vector) } else { packer.packNil() }
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("archived memory", count: 4)
        let text = try unpacker.readDigest128()
        let time = try unpacker.readInt()
        let importance = try unpacker.readUInt32()
        guard importance <= 10 else { throw DecodingFailure.range("importance") }
        var vector: UInt64?
        if unpacker.peekType() == .nil { try unpacker.readNil() } else { vector = try unpacker.readUInt() }
        self.init(text: text, time: time, importance: UInt8(importance), vector: vector)
    }
}

/// What changed of an agent since its last snapshot.
public struct AgentSnapshot: Hashable, Packable {
    /// The agent.
    public var agent: AgentID
    /// Everything but long-term memory, packed by the host; takes the place of the agent's last head.
    public var head: [UInt8]
    /// Number of entries of long-term memory that earlier snapshots hold.
    public var archived: UInt32
    /// The entries after these.
    public var entries: [ArchivedMemory]

    /// An agent's change.
    public init(agent: AgentID, head: [UInt8], archived: UInt32, entries: [ArchivedMemory]) {
        self.agent = agent
        self.head = head
        self.archived = archived
        self.entries = entries
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 4)
        agent.pack(into: &packer)
        packer.packBinary(head)
        packer.pack(UInt64(archived))
        packer.pack(entries)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("agent snapshot", count: 4)
        self.init(
            agent: try AgentID(from: &unpacker), head: try unpacker.readBinary(), archived: try unpacker.readUInt32(),
            entries: try unpacker.readList())
    }
}

/// Host to recorder, in the background: the agents of a partition that changed, as of the end of a closed round. In
/// several pieces, of which the last makes the snapshot valid. Answered by `Acknowledged`; refused with `fenced` under
/// an old epoch. A snapshot is a copy: the journal stays the truth, and a run without any snapshot resumes just as
/// well.
public struct StoreSnapshot: WireMessage {
    public static let kind = WireKind.storeSnapshot
    public static let version = 2
    public static let fieldCount = 6
    /// The partition.
    public var partition: UInt32
    /// The holder's epoch.
    public var epoch: UInt64
    /// The closed round as of whose end the agents are.
    public var round: UInt32
    /// A piece of the agents.
    public var agents: [AgentSnapshot]
    /// Whether it is the first of all agents that ever changed, with all of their memories: only such a piece may take
    /// the place of a snapshot that was refused as damaged.
    public var startsAnew: Bool
    /// Whether this is the last piece.
    public var isLast: Bool

    /// A piece of a snapshot.
    public init(
        partition: UInt32, epoch: UInt64, round: UInt32, agents: [AgentSnapshot], startsAnew: Bool, isLast: Bool
    ) {
        self.partition = partition
        self.epoch = epoch
        self.round = round
        self.agents = agents
        self.startsAnew = startsAnew
        self.isLast = isLast
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(partition))
        packer.pack(epoch)
        packer.pack(UInt64(round))
        packer.pack(agents)
        packer.pack(startsAnew)
        packer.pack(isLast)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        partition = try unpacker.readUInt32()
        epoch = try unpacker.readUInt()
        round = try unpacker.readUInt32()
        agents = try unpacker.readList()
        startsAnew = try unpacker.readBool()
        isLast = try unpacker.readBool()
    }
}

/// Host to recorder: the heads of a partition's agents, in pages in ascending order of agents. Answered by
/// `SnapshotPage`.
public struct LoadSnapshot: WireMessage {
    public static let kind = WireKind.loadSnapshot
    public static let version = 2
    public static let fieldCount = 3
    public static let sizeLimit = WireLimits.small
    /// The partition.
    public var partition: UInt32
    /// The holder's epoch; nil from a host that only reads, as every host does with the environment.
    public var epoch: UInt64?
    /// The last agent received; nil at first.
    public var after: AgentID?

    /// A question for a page.
    public init(partition: UInt32, epoch: UInt64?, after: AgentID?) {
        self.partition = partition
        self.epoch = epoch
        self.after = after
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(partition))
        if let epoch { packer.pack(epoch) } else { packer.packNil() }
        if let after { after.pack(into: &packer) } else { packer.packNil() }
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        partition = try unpacker.readUInt32()
        if unpacker.peekType() == .nil {
            try unpacker.readNil()
            epoch = nil
        } else {
            epoch = try unpacker.readUInt()
        }
        if unpacker.peekType() == .nil {
            try unpacker.readNil()
            after = nil
        } else {
            after = try AgentID(from: &unpacker)
        }
    }
}

/// An agent's head in a snapshot.
public struct AgentHead: Hashable, Packable {
    /// The agent.
    public var agent: AgentID
    /// The round as of whose end it is: at least the partition's, and later where a newer snapshot was not completed.
    public var round: UInt32
    /// The head as the host packed it.
    public var head: [UInt8]

    /// A head.
    public init(agent: AgentID, round: UInt32, head: [UInt8]) {
        self.agent = agent
        self.round = round
        self.head = head
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        agent.pack(into: &packer)
        packer.pack(UInt64(round))
        packer.packBinary(head)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("agent head", count: 3)
        self.init(
            agent: try AgentID(from: &unpacker), round: try unpacker.readUInt32(), head: try unpacker.readBinary())
    }
}

/// Recorder's answer to `LoadSnapshot`.
public struct SnapshotPage: WireMessage {
    public static let kind = WireKind.snapshotPage
    public static let fieldCount = 3
    public static let sizeLimit = WireLimits.bulk
    /// The round up to whose end every agent's changes are in the heads; 0 where the partition has no snapshot.
    public var round: UInt32
    /// Heads of agents that ever changed.
    public var agents: [AgentHead]
    /// Whether more follow.
    public var more: Bool

    /// A page.
    public init(round: UInt32, agents: [AgentHead], more: Bool) {
        self.round = round
        self.agents = agents
        self.more = more
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(round))
        packer.pack(agents)
        packer.pack(more)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        round = try unpacker.readUInt32()
        agents = try unpacker.readList()
        more = try unpacker.readBool()
    }
}

/// Host to recorder: entries of an agent's long-term memory from its snapshots, when a turn needs them. Answered by
/// `AgentMemory`.
public struct FetchMemory: WireMessage {
    public static let kind = WireKind.fetchMemory
    public static let fieldCount = 5
    public static let sizeLimit = WireLimits.small
    /// The agent's partition.
    public var partition: UInt32
    /// The holder's epoch.
    public var epoch: UInt64
    /// The agent.
    public var agent: AgentID
    /// Number of entries already received.
    public var offset: UInt32
    /// Number of entries that the head counts: later ones belong to a newer snapshot.
    public var count: UInt32

    /// A question for a page of entries.
    public init(partition: UInt32, epoch: UInt64, agent: AgentID, offset: UInt32, count: UInt32) {
        self.partition = partition
        self.epoch = epoch
        self.agent = agent
        self.offset = offset
        self.count = count
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(partition))
        packer.pack(epoch)
        agent.pack(into: &packer)
        packer.pack(UInt64(offset))
        packer.pack(UInt64(count))
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        partition = try unpacker.readUInt32()
        epoch = try unpacker.readUInt()
        agent = try AgentID(from: &unpacker)
        offset = try unpacker.readUInt32()
        count = try unpacker.readUInt32()
    }
}

/// An entry of long-term memory in full.
public struct RecalledMemory: Hashable, Packable {
    /// The text.
    public var text: String
    /// Simulated seconds since the start of the run.
    public var time: Int64
    /// Its rating, 0 to 10.
    public var importance: UInt8
    /// Little-endian IEEE half floats; empty where it has no vector.
    public var vector: [UInt8]

    /// An entry.
    public init(text: String, time: Int64, importance: UInt8, vector: [UInt8]) {
        self.text = text
        self.time = time
        self.importance = importance
        self.vector = vector
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 4)
        packer.pack(text)
        packer.pack(time)
        packer.pack(UInt64(importance))
        packer.packBinary(vector)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("recalled memory", count: 4)
        let text = try unpacker.readString()
        let time = try unpacker.readInt()
        let importance = try unpacker.readUInt32()
        guard importance <= 10 else { throw DecodingFailure.range("importance") }
        self.init(text: text, time: time, importance: UInt8(importance), vector: try unpacker.readBinary())
    }
}

/// Recorder's answer to `FetchMemory`.
public struct AgentMemory: WireMessage {
    public static let kind = WireKind.agentMemory
    public static let fieldCount = 2
    public static let sizeLimit = WireLimits.bulk
    /// Entries from the offset on, the oldest first.
    public var entries: [RecalledMemory]
    /// Whether more follow.
    public var more: Bool

    /// A page.
    public init(entries: [RecalledMemory], more: Bool) {
        self.entries = entries
        self.more = more
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(entries)
        packer.pack(more)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        entries = try unpacker.readList()
        more = try unpacker.readBool()
    }
}
