import MessagePack
import Model

/// Numbers of all messages: unique, never reused (24 and 25 are retired). Kinds 1 to 15 belong to the transport.
public enum WireKind: UInt16, Sendable, CaseIterable {
    case registerHost = 16
    case hostAccepted = 17
    case leaseGrant = 18
    case leaseReady = 19
    case startRound = 20
    case roundFinished = 21
    case startEnvironment = 22
    case environmentFinished = 23
    case progress = 26
    case drain = 27
    case drained = 28
    case hostFailed = 29
    case acknowledged = 30
    case hostDismissed = 31

    case createRun = 40
    case loadRun = 41
    case runState = 42
    case raiseEpoch = 43
    case grantPartitions = 44
    case openRound = 45
    case mergeRound = 46
    case roundMerged = 47
    case closeRound = 48
    case roundClosed = 49
    case finishRun = 50
    case storeBlob = 51
    case fetchBlob = 52
    case blob = 53
    case recordAgents = 54
    case summarize = 55
    case runSummary = 56
    case recordInterventions = 57

    case planRound = 60
    case recordOutcomes = 61
    case commitTree = 62
    case commitResult = 63
    case loadPartition = 64
    case partitionState = 65
    case fetchMerged = 66
    case mergedOperations = 67
    case fetchOutcomes = 68
    case recordedOutcomes = 69
    case storeSnapshot = 70
    case loadSnapshot = 71
    case snapshotPage = 72
    case fetchMemory = 73
    case agentMemory = 74
    case loadInterventions = 75
    case interventions = 76

    case complete = 80
    case completed = 81
    case releaseOutcomes = 82
    case describeModels = 83
    case modelsDescribed = 84
    case cancelCalls = 85
    case listServers = 86
    case serversListed = 87
    case changeServers = 88
    case manageAdapter = 89

    case embed = 90
    case embedded = 91
    case describeEmbedding = 92
    case embeddingDescribed = 93
    case adapterManaged = 94

    case ask = 100
    case asked = 101

    case requestStatus = 110
    case status = 111
    case failed = 112
    case controlRun = 113
    case intervene = 114
    case intervened = 115
}

/// A message body: an array whose first element is the version of its shape.
///
/// A decoder accepts versions up to the one it knows; a newer one is a typed error, so that an older process never
/// misreads a newer one.
public protocol WireMessage: Packable {
    /// The message's number.
    static var kind: WireKind { get }
    /// The version of the shape that `packFields` writes.
    static var version: Int { get }
    /// Number of fields after the version.
    static var fieldCount: Int { get }
    /// Largest accepted body in bytes.
    static var sizeLimit: Int { get }
    /// Most values in a body, containers counted: each takes 16 bytes while the body is read, whatever it holds.
    static var valueLimit: Int { get }
    /// Appends the fields, each as one value.
    func packFields(into packer: inout Packer)
    /// Reads the fields of the given version.
    init(fields unpacker: inout Unpacker, version: Int) throws
}

extension WireMessage {
    public static var version: Int { 1 }
    public static var sizeLimit: Int { WireLimits.ordinary }
    public static var valueLimit: Int { min(sizeLimit, WireLimits.values) }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: Self.fieldCount + 1)
        packer.pack(UInt64(Self.version))
        packFields(into: &packer)
    }

    public init(from unpacker: inout Unpacker) throws {
        let count = try unpacker.readArrayHeader()
        guard count > 0 else { throw DecodingFailure.missing("version") }
        let found = try unpacker.readUInt32()
        guard found <= Self.version else {
            throw DecodingFailure.newerVersion(found: Int(found), known: Self.version)
        }
        guard count == Self.fieldCount + 1 else {
            throw DecodingFailure.count(of: "\(Self.kind)", found: count - 1, expected: Self.fieldCount)
        }
        self = try Self(fields: &unpacker, version: Int(found))
    }

    /// Depth is that of nested scenario values.
    private static var limits: UnpackLimits {
        UnpackLimits(maxBytes: sizeLimit, maxDepth: 64, maxTokens: valueLimit)
    }

    /// Decodes a whole body, within the message's size limit.
    public init(body: [UInt8]) throws {
        guard body.count <= Self.sizeLimit else { throw DecodingFailure.range("size of \(Self.kind)") }
        var unpacker = try Unpacker(body, limits: Self.limits)
        try self.init(from: &unpacker)
        try unpacker.expectEnd()
    }
}

/// Limits on message bodies, in bytes but for `values`.
public enum WireLimits {
    /// Messages without bulk.
    public static let small = 64 * 1024
    /// Messages that carry prompts or operations.
    public static let ordinary = 8 * 1024 * 1024
    /// Messages that carry files or a partition's state.
    public static let bulk = 64 * 1024 * 1024
    /// Values in a message. Bytes alone do not bound them: 64 MiB of one-byte numbers would take 1 GiB to read. What
    /// our own processes send in bulk is files, texts and vectors, or pages of 4 MiB.
    public static let values = 4 * 1024 * 1024
}
