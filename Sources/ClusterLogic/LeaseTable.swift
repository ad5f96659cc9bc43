import Model

/// Who holds which partition, and under which epoch.
///
/// Hosts are given in an order that means the same in every run, such as by name: it decides between equals.
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

    /// Who holds the environment's partition.
    public var environmentHolder: UInt32? { leases.last?.host }

    /// Gives partitions without a holder to the hosts with the fewest, under new epochs; all others stay where they
    /// are. Returns the leases that are new.
    public mutating func repair(_ hosts: [UInt32]) -> [Lease] { spread(hosts, allowance: .max) }

    /// Spreads all partitions evenly, so that no host has two more than another, with the fewest moves. Returns the
    /// leases that are new.
    public mutating func balance(_ hosts: [UInt32]) -> [Lease] {
        precondition(!hosts.isEmpty, "partitions need a host")
        return spread(hosts, allowance: (Int(partitions) + 1) / hosts.count)
    }

    /// Hosts keep up to `allowance` of what they have, and those with the most one more, as far as the division leaves
    /// a remainder; what has no holder then goes to whoever has the fewest.
    private mutating func spread(_ hosts: [UInt32], allowance: Int) -> [Lease] {
        precondition(!hosts.isEmpty, "partitions need a host")
        let total = Int(partitions) + 1
        let places = Dictionary(hosts.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        var loads = [Int](repeating: 0, count: hosts.count)
        for lease in leases { if let place = places[lease.host] { loads[place] += 1 } }
        var quotas = [Int](repeating: allowance, count: hosts.count)
        if allowance < total {
            let byLoad = loads.indices.sorted { (-loads[$0], $0) < (-loads[$1], $1) }
            for place in byLoad.prefix(total % hosts.count) { quotas[place] += 1 }
        }
        var kept = [Int](repeating: 0, count: hosts.count)
        var free: [UInt32] = []
        // From the end, so that the environment stays where it is.
        for partition in (0...partitions).reversed() {
            guard let place = leases.isEmpty ? nil : places[leases[Int(partition)].host], kept[place] < quotas[place]
            else {
                free.append(partition)
                continue
            }
            kept[place] += 1
        }
        return grant(free.reversed(), to: hosts, kept)
    }

    private mutating func grant(_ free: [UInt32], to hosts: [UInt32], _ loads: [Int]) -> [Lease] {
        guard !free.isEmpty else { return [] }
        grants += 1
        precondition(grants >> Self.grantBits == 0, "epochs of one coordinator are used up")
        let epoch = runEpoch << Self.grantBits | grants
        // Whoever has the fewest is next, and among equals the first: filled level by level.
        var loads = loads
        var level = loads.min() ?? 0
        var place = 0
        var granted: [Lease] = []
        granted.reserveCapacity(free.count)
        for partition in free {
            while loads[place] > level {
                place += 1
                if place == loads.count { (place, level) = (0, level + 1) }
            }
            loads[place] += 1
            granted.append(Lease(partition: partition, epoch: epoch, host: hosts[place]))
        }
        if leases.isEmpty {
            leases = granted
        } else {
            for lease in granted { leases[Int(lease.partition)] = lease }
        }
        return granted
    }
}

/// The partition map that hosts are told.
public struct LeaseMap: Sendable, Equatable {
    /// Number of the map, growing.
    public var grant: UInt64
    /// Last closed round, 0 before the first.
    public var closedRound: UInt32
    /// Every partition's lease.
    public var leases: [Lease]
    /// The hosts that took part when the map was made, in the order of their names.
    public var hosts: [UInt32]
}
