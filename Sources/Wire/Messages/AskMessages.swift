import MessagePack
import Model

/// Host to host: run a passive turn. It brings along all that the turn may see beyond the agent's state at the start
/// of the round, so that a host keeps nothing between asks. Answered by `Asked`.
public struct Ask: WireMessage {
    public static let kind = WireKind.ask
    public static let version = 3
    /// A rerun's ask brings along answers that are recorded of its tree. At the limits that a run has unless it says
    /// otherwise, 4096 calls of 512 tokens, these are 9 MiB, and what the tree has written another 4; a run may set
    /// its limits higher, and no turn may fail for that.
    public static let sizeLimit = WireLimits.bulk
    public static let fieldCount = 13
    /// Epoch of the asked agent's partition as the asker knows it; another is refused with `fenced`.
    public var epoch: UInt64
    /// The round.
    public var round: UInt32
    /// Root of the tree.
    public var root: TurnID
    /// The root's partition.
    public var rootPartition: UInt32
    /// Numbers of the asks that lead here from the root; the last is this ask's own.
    public var path: [UInt32]
    /// Who asks.
    public var asker: AgentID
    /// Who is asked.
    public var agent: AgentID
    /// What is asked.
    public var request: Value
    /// What this tree has already written to the asked agent, in order.
    public var written: [TargetedOperation]
    /// Recorded outcomes of the asked turn and those below it, given back at once; empty unless the tree is rerun.
    public var recorded: [RecordedCall]
    /// How often code of the tree was running when a process trapped in this round, as far as the asker knows.
    public var traps: UInt32
    /// How often no other tree's code was running in the process.
    public var alone: UInt32
    /// Epoch of the lease of the root's partition under which the asking turn runs. Where a newer one is known nobody
    /// waits for the answer any more, and the ask is refused with `fenced` or given up.
    public var rootEpoch: UInt64

    /// An ask.
    public init(
        epoch: UInt64, round: UInt32, root: TurnID, rootPartition: UInt32, path: [UInt32], asker: AgentID,
        agent: AgentID, request: Value, written: [TargetedOperation], recorded: [RecordedCall], traps: UInt32 = 0,
        alone: UInt32 = 0, rootEpoch: UInt64 = 0
    ) {
        self.epoch = epoch
        self.round = round
        self.root = root
        self.rootPartition = rootPartition
        self.path = path
        self.asker = asker
        self.agent = agent
        self.request = request
        self.written = written
        self.recorded = recorded
        self.traps = traps
        self.alone = alone
        self.rootEpoch = rootEpoch
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(epoch)
        packer.pack(UInt64(round))
        root.pack(into: &packer)
        packer.pack(UInt64(rootPartition))
        packer.packArray(count: path.count)
        for number in path { packer.pack(UInt64(number)) }
        asker.pack(into: &packer)
        agent.pack(into: &packer)
        request.pack(into: &packer)
        packer.pack(written)
        packer.pack(recorded)
        packer.pack(UInt64(traps))
        packer.pack(UInt64(alone))
        packer.pack(rootEpoch)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        epoch = try unpacker.readUInt()
        round = try unpacker.readUInt32()
        root = try TurnID(from: &unpacker)
        rootPartition = try unpacker.readUInt32()
        path = []
        for _ in 0..<(try unpacker.readArrayHeader()) { path.append(try unpacker.readUInt32()) }
        asker = try AgentID(from: &unpacker)
        agent = try AgentID(from: &unpacker)
        request = try Value(from: &unpacker)
        written = try unpacker.readList()
        recorded = try unpacker.readList()
        traps = try unpacker.readUInt32()
        alone = try unpacker.readUInt32()
        rootEpoch = try unpacker.readUInt()
    }
}

/// The answer of a passive turn, with all that the tree's commit needs of it.
public struct Asked: WireMessage {
    public static let kind = WireKind.asked
    public static let fieldCount = 3
    /// The answer; null when the turn failed, which its record says.
    public var answer: Value
    /// The passive turn and all turns below it, with paths from the root; the first is the asked one.
    public var turns: [TurnRecord]
    /// Every outcome that these turns used.
    public var outcomes: [OutcomeName]

    /// An answer.
    public init(answer: Value, turns: [TurnRecord], outcomes: [OutcomeName]) {
        self.answer = answer
        self.turns = turns
        self.outcomes = outcomes
    }

    public func packFields(into packer: inout Packer) {
        answer.pack(into: &packer)
        packer.pack(turns)
        packer.pack(outcomes)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        answer = try Value(from: &unpacker)
        turns = try unpacker.readList()
        outcomes = try unpacker.readList()
    }
}
