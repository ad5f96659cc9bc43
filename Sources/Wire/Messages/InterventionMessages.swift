import Hashing
import MessagePack
import Model

/// Anyone to coordinator: interventions into the run that it plays, as people write them. Answered by `Intervened` once
/// they are durable. The same request again, by its number, is answered with the same rounds and changes nothing.
public struct Intervene: WireMessage {
    public static let kind = WireKind.intervene
    public static let fieldCount = 2
    /// Most interventions of one request.
    public static let most = 64
    /// Tells the request from all others; drawn by whoever asks.
    public var request: Digest128
    /// What to do.
    public var interventions: [Value]

    /// A request.
    public init(request: Digest128, interventions: [Value]) {
        self.request = request
        self.interventions = interventions
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(request)
        packer.pack(interventions)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        request = try unpacker.readDigest128()
        interventions = try unpacker.readList()
        guard (1...Self.most).contains(interventions.count) else { throw DecodingFailure.range("interventions") }
    }
}

/// The answer to `Intervene` and to `RecordInterventions`: they are durable.
public struct Intervened: WireMessage {
    public static let kind = WireKind.intervened
    public static let fieldCount = 1
    public static let sizeLimit = WireLimits.small
    /// The first round with each of them, in their order.
    public var rounds: [UInt32]

    /// An answer.
    public init(rounds: [UInt32]) { self.rounds = rounds }

    public func packFields(into packer: inout Packer) {
        packer.packArray(count: rounds.count)
        for round in rounds { packer.pack(UInt64(round)) }
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        rounds = []
        for _ in 0..<(try unpacker.readArrayHeader()) { rounds.append(try unpacker.readUInt32()) }
    }
}

/// An intervention that the recorder is to keep.
public struct InterventionRow: Hashable, Packable {
    /// The first round that shall have it; nil for the next that can.
    public var round: UInt32?
    /// What is to be done.
    public var content: Value

    /// An intervention.
    public init(round: UInt32?, content: Value) {
        self.round = round
        self.content = content
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 2)
        if let round { packer.pack(UInt64(round)) } else { packer.packNil() }
        content.pack(into: &packer)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("intervention", count: 2)
        if unpacker.peekType() == .nil {
            try unpacker.readNil()
            round = nil
        } else {
            round = try unpacker.readUInt32()
        }
        content = try Value(from: &unpacker)
    }
}

/// Coordinator to recorder: keep these interventions. Answered by `Intervened`, once they are durable; refused with
/// `conflict` where a round that they name has begun, and with `fenced` under an old epoch.
public struct RecordInterventions: WireMessage {
    public static let kind = WireKind.recordInterventions
    public static let fieldCount = 3
    /// The coordinator's epoch.
    public var runEpoch: UInt64
    /// The request's number.
    public var request: Digest128
    /// The interventions.
    public var interventions: [InterventionRow]

    /// A request.
    public init(runEpoch: UInt64, request: Digest128, interventions: [InterventionRow]) {
        self.runEpoch = runEpoch
        self.request = request
        self.interventions = interventions
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(runEpoch)
        packer.pack(request)
        packer.pack(interventions)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        runEpoch = try unpacker.readUInt()
        request = try unpacker.readDigest128()
        interventions = try unpacker.readList()
    }
}

/// Host to recorder: which interventions take effect with a round, for the environment's turn before it? Asked when
/// that round's predecessor is merged, from when on they are fixed. Answered by `Interventions`.
public struct LoadInterventions: WireMessage {
    public static let kind = WireKind.loadInterventions
    public static let fieldCount = 3
    public static let sizeLimit = WireLimits.small
    /// The environment's partition.
    public var partition: UInt32
    /// The holder's epoch.
    public var epoch: UInt64
    /// The round.
    public var round: UInt32

    /// A question.
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

/// Recorder's answer to `LoadInterventions`.
public struct Interventions: WireMessage {
    public static let kind = WireKind.interventions
    public static let fieldCount = 1
    /// What is to be done, in the order in which it was accepted.
    public var interventions: [Value]

    /// An answer.
    public init(interventions: [Value]) { self.interventions = interventions }
    public func packFields(into packer: inout Packer) { packer.pack(interventions) }
    public init(fields unpacker: inout Unpacker, version: Int) throws { interventions = try unpacker.readList() }
}
