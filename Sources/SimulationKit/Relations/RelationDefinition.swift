import Hashing
import Model
import Support

/// A relation of a run: among whom, and where it comes from.
public struct RelationDefinition: Sendable, Equatable {
    /// Where its relations come from.
    public enum Source: Sendable, Equatable {
        /// A file of pairs of ids; see `EdgeListReader`.
        case file(String)
        /// A random graph.
        case model(RelationModel)
    }

    /// Its name, as turns use it.
    public var name: String
    /// Where its relations come from.
    public var source: Source
    /// Whether A related to B says nothing of B and A. Random graphs have no direction.
    public var isDirected: Bool
    /// Types of the agents that a random graph relates; empty for all.
    public var types: [String]

    /// A relation; see the properties.
    public init(name: String, source: Source, isDirected: Bool = false, types: [String] = []) {
        self.name = name
        self.source = source
        self.isDirected = isDirected
        self.types = types
    }

    /// The graph of a random relation. Throws where it would be larger than a machine holds.
    public func graph(
        of model: RelationModel, population: Population, seed: RunSeed
    ) throws(UserError) -> RelationGraph {
        let members = types.isEmpty ? population.agents : types.flatMap { population.agents(ofType: $0) }
        let size = model.size(count: members.count)
        guard size <= RelationGraph.maxEdges else {
            throw UserError(
                "the graph would have \(size) relations", at: "relations.\(name)",
                advice: "ask for at most \(RelationGraph.maxEdges): fewer for each agent, or among fewer",
                exitCode: .configuration)
        }
        var generator = seed.draw(named: "relation \(name)")
        let edges = model.edges(count: members.count, generator: &generator).map {
            RelationEdge(members[Int($0.source)].number, members[Int($0.target)].number)
        }
        return RelationGraph(agents: population.count, edges: edges, isDirected: isDirected)
    }
}
