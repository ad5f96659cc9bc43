import ClusterLogic
import Model
import Wire

/// Who holds which partition, as the coordinator last said.
struct PartitionMap: Sendable {
    private(set) var leases: [UInt32: Lease] = [:]
    private(set) var endpoints: [UInt32: String] = [:]
    private(set) var grant: UInt64 = 0

    /// Takes over a newer map, and gives the leases that are none any more.
    @discardableResult
    mutating func update(_ message: LeaseGrant) -> Set<Lease> {
        let before = Set(leases.values)
        grant = message.grant
        leases = Dictionary(message.leases.map { ($0.partition, $0) }) { $1 }
        endpoints = Dictionary(message.hosts.map { ($0.host, $0.endpoint) }) { $1 }
        return before.subtracting(leases.values)
    }

    /// Leases that `host` holds, in ascending order of partitions.
    func held(by host: UInt32) -> [Lease] {
        leases.values.filter { $0.host == host }.sorted { $0.partition < $1.partition }
    }
}
