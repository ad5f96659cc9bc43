import Model
import SimulationKit
import Support

/// Agents by a public field of theirs. Profiles at the start never change, so each grouping is made once.
final class Peers: Sendable {
    private struct Key: Hashable {
        var type: String
        var field: String
    }

    private let known = Guarded<[Key: [Value: [AgentID]]]>([:])

    /// All agents of a type whose `field` has the same value as that of `agent`, the agent itself apart, by number.
    func of(_ agent: AgentID, field: String, in population: Population) -> [AgentID] {
        let type = population.type(of: agent)
        guard let value = population.publicFields(of: agent)[field] else { return [] }
        let group = known.withLock { known in
            let key = Key(type: type, field: field)
            let groups =
                known[key]
                ?? Dictionary(grouping: population.agents(ofType: type)) {
                    population.publicFields(of: $0)[field] ?? .null
                }
            known[key] = groups
            return groups[value] ?? []
        }
        return group.filter { $0 != agent }
    }
}
