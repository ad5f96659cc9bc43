import Model

/// Who is related to whom at the start of a run: fixed, and stored in a few bytes a relation.
public struct RelationGraph: Sendable, Equatable {
    /// Neighbours of all agents, one agent's after another's.
    private struct Side: Sendable, Equatable {
        var starts: [UInt32]
        var neighbours: [UInt32]

        /// Groups the second ends of sorted `pairs` by their first.
        init(agents: Int, sorted pairs: [UInt64]) {
            starts = [UInt32](repeating: 0, count: agents + 1)
            neighbours = pairs.map { UInt32(truncatingIfNeeded: $0) }
            for pair in pairs { starts[Int(pair >> 32) + 1] += 1 }
            for agent in 0..<agents { starts[agent + 1] += starts[agent] }
        }

        subscript(agent: AgentID) -> ArraySlice<UInt32> {
            let index = Int(agent.number)
            guard index + 1 < starts.count else { return [] }
            return neighbours[Int(starts[index])..<Int(starts[index + 1])]
        }
    }

    /// Whether a relation of one agent to another says nothing of the other way round.
    public let isDirected: Bool
    private let outgoing: Side
    /// The other way round; none where that is the same.
    private let incoming: Side?

    /// Most relations of a graph: some gigabytes while it is made.
    public static let maxEdges = 100_000_000

    /// A graph over `agents` agents. Relations of an agent to itself do not count, and each counts once.
    public init(agents: Int, edges: [RelationEdge], isDirected: Bool) {
        precondition(edges.count <= Self.maxEdges, "a graph has a bounded number of relations")
        self.isDirected = isDirected
        func sorted(_ pairs: [UInt64]) -> [UInt64] {
            var result: [UInt64] = []
            result.reserveCapacity(pairs.count)
            for pair in pairs.sorted() where pair != result.last { result.append(pair) }
            return result
        }
        let real = edges.filter { $0.source != $0.target }
        let forward = real.map { UInt64($0.source) << 32 | UInt64($0.target) }
        let backward = real.map { UInt64($0.target) << 32 | UInt64($0.source) }
        if isDirected {
            outgoing = Side(agents: agents, sorted: sorted(forward))
            incoming = Side(agents: agents, sorted: sorted(backward))
        } else {
            outgoing = Side(agents: agents, sorted: sorted(forward + backward))
            incoming = nil
        }
    }

    /// To whom the agent is related, by number.
    public func neighbours(of agent: AgentID) -> [AgentID] { outgoing[agent].map { AgentID(number: $0) } }

    /// Who is related to the agent, by number; the same where the graph has no direction.
    public func sources(of agent: AgentID) -> [AgentID] { (incoming ?? outgoing)[agent].map { AgentID(number: $0) } }

    /// Number of relations; one without direction counts once.
    public var count: Int { isDirected ? outgoing.neighbours.count : outgoing.neighbours.count / 2 }
}

/// A relation between two agents, by their numbers.
public struct RelationEdge: Hashable, Sendable {
    /// Who is related.
    public var source: UInt32
    /// To whom.
    public var target: UInt32

    /// A relation.
    public init(_ source: UInt32, _ target: UInt32) {
        self.source = source
        self.target = target
    }
}
