import ScenarioProgram
import SimulationKit
import Vectors

/// A program with a scenario whose code traps where its people say so: what a researcher's mistake looks like.
@main struct Main {
    static func main() { ScenarioProgram.main([TrapTown.self]) }
}

/// What is fatal comes to mind where an agent draws insights from it: in a consolidation.
struct FatalMemory: MemoryPolicy {
    static let name = "fatal"
    static let thought = "What if?"

    var keepsLongTerm: Bool { true }
    var reflects: Bool { true }

    func recall(
        from memory: MemoryState, query: FixedVector?, now: Int64, settings: MemorySettings
    ) -> [Int] {
        let places = (0..<memory.recallable).filter { memory.entry(at: $0).text == Self.thought }
        // Before a consolidation has rated anything, nothing is searched by a vector.
        return query == nil || places.isEmpty ? [] : [places[places.count]]
    }
}

/// People who look around, ask somebody, and may be busy or fatal in round 2.
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
                    FieldDefinition("busy", .bool, visibility: .everyone),
                    FieldDefinition("trap", .text, visibility: .everyone),
                ])
        ]
    }

    var templates: [TemplateDefinition] { [TemplateDefinition("look", fields: [])] }

    var memories: [any MemoryPolicy.Type] { [FatalMemory.self] }

    func act(_ turn: Turn) async throws {
        if turn.round == 2, turn.field("busy") == .bool(true) { try await Self.work(turn) }
        if turn.text("trap") == "consolidate" { for _ in 1...3 { try turn.rememberText(FatalMemory.thought) } }
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

    /// Code that runs nearly all the time, with calls in between.
    private static func work(_ turn: Turn) async throws {
        var sum: UInt64 = 1
        for _ in 0..<40 {
            var step = 0
            while step < 1_000_000 {
                sum = sum &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                step += 1
            }
            _ = try await turn.choose("look", [:], options: ["north", "south"])
        }
        try turn.event("worked", ["sum": .text(String(sum))])
    }

    /// Runs over the stack.
    @inline(never) private static func deeper(_ depth: Int) -> Int {
        depth == 0 ? 0 : 1 + 3 * deeper(depth + 1) % 7
    }
}
