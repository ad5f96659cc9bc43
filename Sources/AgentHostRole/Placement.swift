import Model
import SimulationKit

/// Which agent is in which partition; fixed for the run.
struct Placement: Sendable {
    /// Number of partitions, without the environment's, whose number this is.
    let partitions: UInt32
    /// Agents of each partition in ascending order, the environment's last.
    let members: [[AgentID]]
    private let partitionOfAgent: [UInt32]

    init(partitions: UInt32, population: Population) {
        self.partitions = partitions
        var agents = [[AgentID]](repeating: [], count: Int(partitions) + 1)
        var places: [UInt32] = []
        for agent in population.agents {
            let place = Model.partition(ofAgent: population.id(of: agent), partitions: partitions)
            agents[Int(place)].append(agent)
            places.append(place)
        }
        agents[Int(partitions)] = [.environment]
        members = agents
        partitionOfAgent = places
    }

    /// Agents of a partition, in ascending order.
    func agents(in partition: UInt32) -> [AgentID] { partition <= partitions ? members[Int(partition)] : [] }

    /// The partition of an agent; nil for one outside of the population.
    func partition(of agent: AgentID) -> UInt32? {
        if agent == .environment { return partitions }
        return agent.number < partitionOfAgent.count ? partitionOfAgent[Int(agent.number)] : nil
    }
}
