import MessagePack
import Model

/// A host and where it takes asks.
public struct HostAddress: Hashable, Packable {
    /// The host's number.
    public var host: UInt32
    /// Its endpoint.
    public var endpoint: String

    /// An address.
    public init(host: UInt32, endpoint: String) {
        self.host = host
        self.endpoint = endpoint
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 2)
        packer.pack(UInt64(host))
        packer.pack(endpoint)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("host address", count: 2)
        self.init(host: try unpacker.readUInt32(), endpoint: try unpacker.readString())
    }
}

/// Coordinator to all hosts: the whole partition map, whenever it changes and after each closed round. A host answers
/// with `LeaseReady` once all partitions that it holds are loaded as of the end of `closedRound`: those that it had
/// go on by the merged operations, new ones start from their snapshots.
public struct LeaseGrant: WireMessage {
    public static let kind = WireKind.leaseGrant
    public static let version = 2
    public static let fieldCount = 4
    /// Number of the map in this start of the coordinator, growing: an older one changes nothing.
    public var grant: UInt64
    /// Last closed round, 0 before the first.
    public var closedRound: UInt32
    /// Every partition's lease.
    public var leases: [Lease]
    /// Every host's address.
    public var hosts: [HostAddress]

    /// A partition map.
    public init(grant: UInt64, closedRound: UInt32, leases: [Lease], hosts: [HostAddress]) {
        self.grant = grant
        self.closedRound = closedRound
        self.leases = leases
        self.hosts = hosts
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(grant)
        packer.pack(UInt64(closedRound))
        packer.pack(leases)
        packer.pack(hosts)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        grant = try unpacker.readUInt()
        closedRound = try unpacker.readUInt32()
        leases = try unpacker.readList()
        hosts = try unpacker.readList()
    }
}

/// Host to coordinator, as a request: the partitions of a map are loaded. Answered by `Acknowledged`.
public struct LeaseReady: WireMessage {
    public static let kind = WireKind.leaseReady
    public static let version = 2
    public static let fieldCount = 3
    public static let sizeLimit = WireLimits.small
    /// The host's number.
    public var host: UInt32
    /// The map that it speaks of.
    public var grant: UInt64
    /// The round as of whose end the partitions are loaded.
    public var round: UInt32

    /// A report that everything is loaded.
    public init(host: UInt32, grant: UInt64, round: UInt32) {
        self.host = host
        self.grant = grant
        self.round = round
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(host))
        packer.pack(grant)
        packer.pack(UInt64(round))
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        host = try unpacker.readUInt32()
        grant = try unpacker.readUInt()
        round = try unpacker.readUInt32()
    }
}

/// Host to coordinator, as a request: every root turn of these partitions has committed or failed. Sent for each
/// partition or for several at a time; answered by `Acknowledged`.
public struct RoundFinished: WireMessage {
    public static let kind = WireKind.roundFinished
    public static let version = 2
    public static let fieldCount = 3
    /// The host's number.
    public var host: UInt32
    /// The round.
    public var round: UInt32
    /// The leases under which the turns ran; one that is not current any more counts for nothing.
    public var leases: [Lease]

    /// A report that partitions are through.
    public init(host: UInt32, round: UInt32, leases: [Lease]) {
        self.host = host
        self.round = round
        self.leases = leases
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(host))
        packer.pack(UInt64(round))
        packer.pack(leases)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        host = try unpacker.readUInt32()
        round = try unpacker.readUInt32()
        leases = try unpacker.readList()
    }
}

/// Coordinator to a host that is not part of the run any more, one way: it had lost its leases when it was heard of
/// again. It drops everything and registers as a new incarnation.
public struct HostDismissed: WireMessage {
    public static let kind = WireKind.hostDismissed
    public static let fieldCount = 2
    public static let sizeLimit = WireLimits.small
    /// The number that it had; a host that has another one by now ignores this.
    public var host: UInt32
    /// Why, for its log.
    public var reason: String

    /// A dismissal.
    public init(host: UInt32, reason: String) {
        self.host = host
        self.reason = reason
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(host))
        packer.pack(reason)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        host = try unpacker.readUInt32()
        reason = try unpacker.readString()
    }
}
