import Hashing
import MessagePack
import Model

/// Host to recorder: what is recorded of a partition's open round, in pages: the trees of committed consolidations with
/// the vectors of their texts, and the outcomes of roots that have not committed. Or, with a root, the outcomes of that
/// one alone. Answered by `RecordedOutcomes`; refused with `fenced` under an old epoch.
public struct FetchOutcomes: WireMessage {
    public static let kind = WireKind.fetchOutcomes
    public static let fieldCount = 5
    public static let sizeLimit = WireLimits.small
    /// The partition.
    public var partition: UInt32
    /// The holder's epoch.
    public var epoch: UInt64
    /// The open round.
    public var round: UInt32
    /// The root whose outcomes are wanted; nil for the whole partition.
    public var root: TurnID?
    /// 0 at first, then `next` of the page before.
    public var cursor: UInt64

    /// A question for a page.
    public init(partition: UInt32, epoch: UInt64, round: UInt32, root: TurnID?, cursor: UInt64) {
        self.partition = partition
        self.epoch = epoch
        self.round = round
        self.root = root
        self.cursor = cursor
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(partition))
        packer.pack(epoch)
        packer.pack(UInt64(round))
        if let root { root.pack(into: &packer) } else { packer.packNil() }
        packer.pack(cursor)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        partition = try unpacker.readUInt32()
        epoch = try unpacker.readUInt()
        round = try unpacker.readUInt32()
        if unpacker.peekType() == .nil {
            try unpacker.readNil()
            root = nil
        } else {
            root = try TurnID(from: &unpacker)
        }
        cursor = try unpacker.readUInt()
    }
}

/// Recorder's answer to `FetchOutcomes`.
public struct RecordedOutcomes: WireMessage {
    public static let kind = WireKind.recordedOutcomes
    /// Version 2 added outcomes with the distribution that they were drawn from, version 3 counts of tokens.
    public static let version = 3
    public static let fieldCount = 3
    public static let sizeLimit = WireLimits.bulk
    /// Packed trees of committed consolidations: their effect is visible to the agent's other turns of the round.
    public var consolidations: [[UInt8]]
    /// Outcomes: of roots that have not committed, and the embedding outcomes of these consolidations.
    public var outcomes: [OutcomeRecord]
    /// The cursor of the next page; 0 when this is the last.
    public var next: UInt64

    /// A page.
    public init(consolidations: [[UInt8]], outcomes: [OutcomeRecord], next: UInt64) {
        self.consolidations = consolidations
        self.outcomes = outcomes
        self.next = next
    }

    public func packFields(into packer: inout Packer) {
        packer.packArray(count: consolidations.count)
        for tree in consolidations { packer.packBinary(tree) }
        packer.pack(outcomes)
        packer.pack(next)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        consolidations = []
        for _ in 0..<(try unpacker.readArrayHeader()) { consolidations.append(try unpacker.readBinary()) }
        outcomes = try unpacker.readList()
        next = try unpacker.readUInt()
    }
}
