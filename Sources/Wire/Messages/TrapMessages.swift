import Hashing
import MessagePack
import Model

/// Host to recorder: a process of this host trapped while code of these root turns was running. Answered by
/// `Acknowledged` once it is durable. The same again, by host and life, changes nothing; a round that is over is
/// nobody's concern any more.
public struct RecordTraps: WireMessage {
    public static let kind = WireKind.recordTraps
    public static let fieldCount = 5
    public static let sizeLimit = WireLimits.ordinary
    /// Most root turns of one process.
    public static let most = 1024
    /// The host's name.
    public var host: String
    /// The start of the process that trapped, as the host counts them.
    public var life: UInt64
    /// The signal that ended it.
    public var signal: UInt32
    /// The round of the turns.
    public var round: UInt32
    /// Root turns whose code, or code of turns below them, was running.
    public var roots: [TurnID]

    /// A trap.
    public init(host: String, life: UInt64, signal: UInt32, round: UInt32, roots: [TurnID]) {
        self.host = host
        self.life = life
        self.signal = signal
        self.round = round
        self.roots = roots
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(host)
        packer.pack(life)
        packer.pack(UInt64(signal))
        packer.pack(UInt64(round))
        packer.pack(roots)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        host = try unpacker.readString()
        life = try unpacker.readUInt()
        signal = try unpacker.readUInt32()
        round = try unpacker.readUInt32()
        roots = try unpacker.readList()
        guard (1...Self.most).contains(roots.count) else { throw DecodingFailure.range("roots") }
    }
}

/// Host to recorder: whose code ran when processes trapped in an open round. Answered by `Traps`.
public struct LoadTraps: WireMessage {
    public static let kind = WireKind.loadTraps
    public static let fieldCount = 1
    public static let sizeLimit = WireLimits.small
    /// The round.
    public var round: UInt32

    /// A question about a round.
    public init(round: UInt32) { self.round = round }

    public func packFields(into packer: inout Packer) { packer.pack(UInt64(round)) }
    public init(fields unpacker: inout Unpacker, version: Int) throws { round = try unpacker.readUInt32() }
}

/// How often a root turn's code was running when a process trapped.
public struct TrapCount: Hashable, Packable {
    /// The root turn.
    public var root: TurnID
    /// How often in all.
    public var times: UInt32
    /// How often no other root turn's code was running in the process.
    public var alone: UInt32

    /// A count.
    public init(root: TurnID, times: UInt32, alone: UInt32) {
        self.root = root
        self.times = times
        self.alone = alone
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        root.pack(into: &packer)
        packer.pack(UInt64(times))
        packer.pack(UInt64(alone))
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("trap count", count: 3)
        root = try TurnID(from: &unpacker)
        times = try unpacker.readUInt32()
        alone = try unpacker.readUInt32()
    }
}

/// Recorder's answer to `LoadTraps`.
public struct Traps: WireMessage {
    public static let kind = WireKind.traps
    public static let fieldCount = 1
    public static let sizeLimit = WireLimits.bulk
    /// Root turns in ascending order.
    public var counts: [TrapCount]

    /// An answer.
    public init(counts: [TrapCount]) { self.counts = counts }

    public func packFields(into packer: inout Packer) { packer.pack(counts) }
    public init(fields unpacker: inout Unpacker, version: Int) throws { counts = try unpacker.readList() }
}
