import Hashing

/// Random graphs over a number of agents, the same for the same generator. None has a direction.
public enum RelationModel: Sendable, Equatable {
    /// A given number of relations on average for each agent, between agents drawn uniformly (Erdős and Rényi, On
    /// Random Graphs I, 1959: the model with a fixed number of edges). The mean is in millionths.
    case erdosRenyi(meanMillionths: Int64)
    /// Agents come one by one, and each is related to `edges` earlier ones, drawn by the number of relations that these
    /// have (Barabási and Albert, Emergence of Scaling in Random Networks, 1999).
    case barabasiAlbert(edges: Int)
    /// A ring in which each agent is related to its `neighbours` nearest, and each relation is moved to another agent
    /// with a probability in millionths (Watts and Strogatz, Collective dynamics of 'small-world' networks, 1998).
    case wattsStrogatz(neighbours: Int, rewiringMillionths: Int64)

    /// How many relations there will be among `count` agents, or a few less.
    public func size(count: Int) -> Int {
        let perAgent =
            switch self {
            case .erdosRenyi(let mean): Double(mean) / 2_000_000
            case .barabasiAlbert(let edges): Double(edges)
            case .wattsStrogatz(let neighbours, _): Double(neighbours) / 2
            }
        let possible = Double(count) * Double(max(0, count - 1)) / 2
        return Int(min(possible, perAgent * Double(count)).rounded(.up))
    }

    /// The relations among agents 0 to `count - 1`. Where there are too few agents for what is asked, all are related
    /// to all.
    public func edges(count: Int, generator: inout SeededGenerator) -> [RelationEdge] {
        guard count > 1 else { return [] }
        switch self {
        case .erdosRenyi(let mean): return Self.random(count, mean, &generator)
        case .barabasiAlbert(let edges): return Self.growing(count, edges, &generator)
        case .wattsStrogatz(let neighbours, let rewiring): return Self.ring(count, neighbours, rewiring, &generator)
        }
    }

    private static func all(_ count: Int) -> [RelationEdge] {
        (0..<count).flatMap { source in
            (source + 1..<count).map { RelationEdge(UInt32(source), UInt32($0)) }
        }
    }

    private static func random(_ count: Int, _ mean: Int64, _ generator: inout SeededGenerator) -> [RelationEdge] {
        let possible = count * (count - 1) / 2
        let (product, overflows) = Int64(count).multipliedReportingOverflow(by: mean)
        let wanted = overflows ? possible : min(possible, Int((product + 1_000_000) / 2_000_000))
        guard wanted < possible else { return all(count) }
        // Beyond half of all pairs those that are left out are drawn, else the last ones would take for ever to find.
        let isInverse = wanted > possible / 2
        var drawn: Set<RelationEdge> = []
        var edges: [RelationEdge] = []
        while drawn.count < (isInverse ? possible - wanted : wanted) {
            let (first, second) = (generator.below(count), generator.below(count))
            guard first != second else { continue }
            let edge = RelationEdge(UInt32(min(first, second)), UInt32(max(first, second)))
            if drawn.insert(edge).inserted { edges.append(edge) }
        }
        return isInverse ? all(count).filter { !drawn.contains($0) } : edges
    }

    private static func growing(_ count: Int, _ edges: Int, _ generator: inout SeededGenerator) -> [RelationEdge] {
        guard count > edges + 1 else { return all(count) }
        var result = all(edges + 1)
        // Every agent stands here once for each of its relations, so that a uniform draw prefers those with many.
        var ends = result.flatMap { [$0.source, $0.target] }
        for newcomer in UInt32(edges + 1)..<UInt32(count) {
            var chosen: [UInt32] = []
            while chosen.count < edges {
                let other = ends[generator.below(ends.count)]
                if !chosen.contains(other) { chosen.append(other) }
            }
            for other in chosen {
                result.append(RelationEdge(other, newcomer))
                ends += [other, newcomer]
            }
        }
        return result
    }

    private static func ring(
        _ count: Int, _ neighbours: Int, _ rewiring: Int64, _ generator: inout SeededGenerator
    ) -> [RelationEdge] {
        guard count > neighbours + 1 else { return all(count) }
        func edge(_ first: Int, _ second: Int) -> RelationEdge {
            RelationEdge(UInt32(min(first, second)), UInt32(max(first, second)))
        }
        let half = neighbours / 2
        var present: Set<RelationEdge> = []
        var edges: [RelationEdge] = []
        for distance in 1...max(1, half) where half > 0 {
            for agent in 0..<count {
                let found = edge(agent, (agent + distance) % count)
                present.insert(found)
                edges.append(found)
            }
        }
        for index in edges.indices where generator.below(1_000_000) < rewiring {
            let agent = index % count
            // Who is related to almost everybody may find nobody new: the relation then stays.
            for _ in 0..<64 {
                let other = generator.below(count)
                let moved = edge(agent, other)
                guard other != agent, present.insert(moved).inserted else { continue }
                present.remove(edges[index])
                edges[index] = moved
                break
            }
        }
        return edges
    }
}
