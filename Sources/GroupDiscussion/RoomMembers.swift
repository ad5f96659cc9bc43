import Model
import SimulationKit
import Support

/// The members of each room, by its name: looked up once, since profiles at the start never change.
final class RoomMembers: Sendable {
    private let known = Guarded<[String: [AgentID]]?>(nil)

    /// Members of a room, by number.
    func of(_ room: String, in population: Population) -> [AgentID] {
        known.withLock { known in
            let rooms =
                known
                ?? Dictionary(grouping: population.agents(ofType: GroupDiscussionScenario.AgentTypes.member)) {
                    population.publicFields(of: $0)["room"]?.text ?? ""
                }
            known = rooms
            return rooms[room] ?? []
        }
    }
}
