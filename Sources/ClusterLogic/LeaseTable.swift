/// A host's right to write for a partition, from one epoch on.
public struct Lease: Hashable, Sendable {
    /// The partition; the environment's has the number of partitions as its own.
    public var partition: UInt32
    /// The epoch under which the holder writes.
    public var epoch: UInt64
    /// The holder's number.
    public var host: UInt32

    /// A lease.
    public init(partition: UInt32, epoch: UInt64, host: UInt32) {
        self.partition = partition
        self.epoch = epoch
        self.host = host
    }
}

/// Who holds which partition, and under which epoch.
public struct LeaseTable: Sendable {
    /// Every partition's lease, by partition; empty before the first grant.
    public private(set) var leases: [Lease] = []
    private let partitions: UInt32
    private let runEpoch: UInt64
    private var grants: UInt64 = 0

    /// Partition epochs carry the run's epoch above so many bits: whatever an earlier start granted is lower, without
    /// reading it. The run's epoch is durable before the first grant, and so these are.
    static let grantBits: UInt64 = 24

    /// A table for `partitions` partitions and the environment's, under a coordinator's epoch.
    public init(partitions: UInt32, runEpoch: UInt64) {
        self.partitions = partitions
        self.runEpoch = runEpoch
    }

    /// Spreads all partitions over `hosts`, in turn, under new epochs. The same hosts in the same order get the same
    /// partitions.
    public mutating func grantAll(to hosts: [UInt32]) -> [Lease] {
        precondition(!hosts.isEmpty, "partitions need a host")
        grants += 1
        precondition(grants >> Self.grantBits == 0, "epochs of one coordinator are used up")
        let epoch = runEpoch << Self.grantBits | grants
        leases = (0...partitions).map {
            Lease(partition: $0, epoch: epoch, host: hosts[Int($0) % hosts.count])
        }
        return leases
    }

    /// Who holds the environment's partition.
    public var environmentHolder: UInt32? { leases.last?.host }
}
