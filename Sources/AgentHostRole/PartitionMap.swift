import ClusterLogic
import Model
import Wire

/// Who holds which partition, as the coordinator last said.
struct PartitionMap: Sendable {
    private(set) var leases: [UInt32: Lease] = [:]
    private(set) var endpoints: [UInt32: String] = [:]
    private(set) var grant: UInt64 = 0

    /// Takes over a newer map.
    mutating func update(_ message: LeaseGrant) {
        grant = message.grant
        leases = Dictionary(message.leases.map { ($0.partition, $0) }) { $1 }
        endpoints = Dictionary(message.hosts.map { ($0.host, $0.endpoint) }) { $1 }
    }

    /// Whether a partition has been granted anew since that epoch.
    func isOver(_ epoch: UInt64, of partition: UInt32) -> Bool { leases[partition].map { $0.epoch > epoch } ?? false }

    /// Leases that `host` holds, in ascending order of partitions.
    func held(by host: UInt32) -> [Lease] {
        leases.values.filter { $0.host == host }.sorted { $0.partition < $1.partition }
    }
}
