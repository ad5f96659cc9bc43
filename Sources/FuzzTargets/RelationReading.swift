import Model
import SimulationKit

/// Files of pairs of agents, and the graphs that they make.
enum RelationReading {
    private static let population: Population? = {
        let type = AgentTypeDefinition(name: "person", fields: [])
        let records = ["a", "b", "c,\"d"].map { ProfileRecord(id: $0, values: [:], type: type) }
        return try? Population([.init(type: type, records: records, count: 7)])
    }()

    static func check(_ input: [UInt8]) throws(BrokenPromise) {
        guard let population,
            let edges = try? EdgeListReader(file: "fuzzed").edges(in: input, population: population)
        else { return }
        for isDirected in [false, true] {
            let graph = RelationGraph(agents: population.count, edges: edges, isDirected: isDirected)
            for agent in population.agents {
                for other in graph.neighbours(of: agent) {
                    try BrokenPromise.unless(
                        other != agent && population.contains(other), "an agent is related to itself or to nobody")
                    try BrokenPromise.unless(
                        graph.sources(of: other).contains(agent), "a relation is not known from its other end")
                }
            }
        }
    }
}
