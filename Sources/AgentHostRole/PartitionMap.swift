import Model
import SimulationKit
import Wire

/// Who holds which partition, as the coordinator last said.
struct PartitionMap: Sendable {
    let partitions: UInt32
    private(set) var leases: [UInt32: PartitionLease] = [:]
    private(set) var endpoints: [UInt32: String] = [:]
    private let population: Population

    init(partitions: UInt32, population: Population) {
        self.partitions = partitions
        self.population = population
    }

    mutating func update(_ grant: LeaseGrant) {
        leases = Dictionary(grant.leases.map { ($0.partition, $0) }) { $1 }
        endpoints = Dictionary(grant.hosts.map { ($0.host, $0.endpoint) }) { $1 }
    }

    /// The partition of an agent; the environment has the one after all others.
    func partition(of agent: AgentID) -> UInt32 {
        agent == .environment
            ? partitions : Model.partition(ofAgent: population.id(of: agent), partitions: partitions)
    }

    /// The agents of each partition; the environment's comes last.
    func members() -> [[AgentID]] {
        var members = [[AgentID]](repeating: [], count: Int(partitions)) + [[.environment]]
        for agent in population.agents { members[Int(partition(of: agent))].append(agent) }
        return members
    }

    /// The lease of an agent's partition.
    func lease(of agent: AgentID) -> PartitionLease? { leases[partition(of: agent)] }

    /// Partitions that `host` holds, ascending.
    func held(by host: UInt32) -> [PartitionLease] {
        leases.values.filter { $0.host == host }.sorted { $0.partition < $1.partition }
    }
}
