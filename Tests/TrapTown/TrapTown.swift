import ScenarioProgram
import SimulationKit

/// A program with a scenario whose code traps where its people say so: what a researcher's mistake looks like.
@main struct Main {
    static func main() { ScenarioProgram.main([TrapTown.self]) }
}

/// People who look around, ask somebody, and may be fatal in round 2.
struct TrapTown: Scenario {
    static let name = "trap-town"
    static let parameters: [ParameterDefinition] = []

    init(parameters: ScenarioParameters) {}

    var agentTypes: [AgentTypeDefinition] {
        [
            AgentTypeDefinition(
                name: "person",
                fields: [
                    FieldDefinition("name", .text, visibility: .everyone),
                    FieldDefinition("asks", .text, visibility: .everyone),
                    FieldDefinition("trap", .text, visibility: .everyone),
                ])
        ]
    }

    var templates: [TemplateDefinition] { [TemplateDefinition("look", fields: [])] }

    func act(_ turn: Turn) async throws {
        let way = try await turn.choose("look", [:], options: ["north", "south"])
        if let other = turn.assets.population.agent(withID: turn.text("asks")) {
            // Caught, as careless code does: a turn that ends its host fails all the same.
            _ = try? await turn.ask(other, .text("Where to?"))
        }
        Self.trap("act", turn)
        try turn.event("looked", ["way": .int(Int64(way))])
    }

    func answer(_ request: Value, from asker: AgentID, _ turn: Turn) async throws -> Value {
        let way = try await turn.choose("look", [:], options: ["north", "south"])
        Self.trap("answer", turn)
        return .int(Int64(way))
    }

    func estimate(agentsByType: [String: Int]) -> RoundEstimate {
        let people = agentsByType["person"] ?? 0
        return RoundEstimate(calls: (people, 2 * people, 2 * people), promptTokens: 20, memories: 0)
    }

    private static func trap(_ place: String, _ turn: Turn) {
        guard turn.round == 2 else { return }
        switch turn.text("trap") {
        case place: _ = [Int]()[Int(turn.round)]
        case "\(place) without end": _ = deeper(Int(turn.round))
        default: break
        }
    }

    /// Runs over the stack.
    @inline(never) private static func deeper(_ depth: Int) -> Int {
        depth == 0 ? 0 : 1 + 3 * deeper(depth + 1) % 7
    }
}
