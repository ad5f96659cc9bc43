import Hashing
import Model
import SimulationKit
import Wire

/// A scenario as small as can be that uses everything which a fault could tear apart: choices, asks that ask further,
/// calls side by side, claims, messages, memories that are consolidated, contributions to an environment.
struct SquareScenario: Scenario {
    static let name = "square"
    static let parameters: [ParameterDefinition] = []

    init(parameters: ScenarioParameters) throws {}

    var agentTypes: [AgentTypeDefinition] {
        [
            AgentTypeDefinition(
                name: "person",
                fields: [
                    FieldDefinition("name", .text, visibility: .everyone),
                    FieldDefinition("coins", .int, mutability: .dynamic, initial: .int(2)),
                ])
        ]
    }
    var templates: [TemplateDefinition] {
        [
            TemplateDefinition("person.instruction", fields: []),
            TemplateDefinition("person.profile", fields: ["name", "coins"]),
            TemplateDefinition("look", fields: ["heard"]), TemplateDefinition("reply", fields: ["question"]),
            TemplateDefinition("shout", fields: ["word"]), TemplateDefinition("square", fields: ["shouts"]),
        ]
    }
    var optionalTemplates: Set<String> { ["person.instruction", "person.profile"] }
    var hasEnvironmentTurn: Bool { true }

    func environmentFields(of population: Population) -> [String: Value] {
        ["people": .int(Int64(population.count)), "weather": .text("fog")]
    }

    /// What everybody reads of the environment.
    private func news(_ turn: Turn) -> String {
        let numbers = ["people", "noise", "evenings", "lamps"].map { turn.world($0)?.int ?? 0 }
        return "\(turn.worldText("weather")) \(numbers)"
    }

    func act(_ turn: Turn) async throws {
        let heard = turn.inbox.map(\.subject).joined(separator: " ") + news(turn)
        let mood = try await turn.choose("look", ["heard": .text(heard)], options: ["go", "stay", "sing"])
        let others = turn.assets.population.agents.filter { $0 != turn.agent }
        let other = others[try turn.random(below: others.count)]
        do {
            let answer = try await turn.ask(other, .int(Int64(mood)))
            try turn.rememberText("heard \(answer.text ?? "-")")
        } catch let failure as AskFailed {
            try turn.rememberText("no answer: \(failure.failure.reason)")
        }
        let shouts = try await turn.parallel(["hey", "ho"]) { word, branch in
            try await branch.write("shout", ["word": .text(word)])
        }
        try turn.tell(other, subject: shouts[0], body: .null)
        try turn.claim("coins", of: other)
        try turn.event("shouted", ["text": .text(shouts[1])])
        try turn.contribute(.add(field: "noise", amount: Int64(mood + 1)))
        try turn.rememberText("shouted \(shouts[1])")
    }

    func answer(_ request: Value, from asker: AgentID, _ turn: Turn) async throws -> Value {
        let question = "\(request.text ?? "-") \(news(turn))"
        let option = try await turn.choose("reply", ["question": .text(question)], options: ["yes", "no"])
        if option == 0, request != .text("why") {
            let others = turn.assets.population.agents.filter { $0 != turn.agent && $0 != asker }
            let further = others[try turn.random(below: others.count)]
            _ = try await turn.ask(further, .text("why"))
        }
        try turn.rememberText("was asked")
        return .text("answer \(option)")
    }

    func takeEnvironmentTurn(_ turn: Turn) async throws {
        let noise = turn.field("noise").map { "\($0)" } ?? "none"
        let kind = try await turn.choose("square", ["shouts": .text(noise)], options: ["loud", "quiet"])
        try turn.add(1, to: "evenings")
        try turn.set("weather", to: .text("\(kind) after \(noise)"))
    }

    func estimate(agentsByType: [String: Int]) -> RoundEstimate {
        RoundEstimate(calls: (0, 0, 0), promptTokens: 0, memories: 0)
    }

    // MARK: The run's files

    static let registry = ScenarioRegistry([SquareScenario.self])

    static func configuration(rounds: Int, partitions: Int) -> String {
        // In the longer runs memories are full soon.
        let limit = rounds > 2 ? ", long_limit: 4, forget: least_important" : ""
        // And prompts are so short there that their tokens are counted.
        let budget = rounds > 2 ? ", prompt_tokens: 64, reflection_tokens: 64" : ""
        return """
            name: square
            seed: 11
            rounds: \(rounds)
            partitions: \(partitions)
            scenario: { name: square, prompts: prompts }
            populations:
              person: { file: people.json }
            environment: { fields: { lamps: 7, weather: clear } }
            interventions:
              - { round: 2, announce: "the fair begins", remember: "there is a fair", agents: all }
              - { round: 2, message: { subject: fair, body: "come and see" }, agents: all }
            memory: { kind: short-long-reflection, short: 1, long: 1, reflection_threshold: 1.5\(limit) }
            llm: { max_reply_tokens: 16\(budget) }
            limits: { failure_rate: 1, root_window: 3, depth: 4 }
            """
    }

    /// What a person does to the run while it is played.
    static func intervention(lastRound: UInt32) -> Intervene {
        Intervene(
            request: Digest128(high: 5, low: 6),
            interventions: [
                .map(["round": .int(Int64(lastRound)), "announce": .text("the fair ends")]),
                .map(["round": .int(Int64(lastRound)), "broadcast": .text("everybody goes home")]),
                .map(["round": .int(Int64(lastRound)), "agents": .text("all"), "remember": .text("it was loud")]),
            ])
    }

    /// Ids that lead to one partition after the other, so that every host has agents, and they ask across hosts.
    private static func ids(agents: Int, partitions: Int) -> [String] {
        var ids: [String] = []
        var number = 0
        while ids.count < agents {
            let id = "p\(number)"
            let place = Int(partition(ofAgent: id, partitions: UInt32(partitions)))
            if place == ids.count % partitions { ids.append(id) }
            number += 1
        }
        return ids
    }

    static func files(agents: Int, partitions: Int) -> [(path: String, bytes: [UInt8])] {
        let people = ids(agents: agents, partitions: partitions).map { #"{"id": "\#($0)", "name": "\#($0)"}"# }
            .joined(separator: ", ")
        let texts = [
            ("people.json", "[\(people)]"),
            ("prompts/look.mustache", "{{heard}} Where to?"), ("prompts/reply.mustache", "Q {{question}}"),
            ("prompts/shout.mustache", "Shout {{word}}"), ("prompts/square.mustache", "Noise {{shouts}}"),
            ("prompts/memory.mustache", "{{#long}}{{text}};{{/long}}{{#short}}{{text}};{{/short}}"),
            ("prompts/importance.mustache", "Rate {{text}}"),
            ("prompts/questions.mustache", "{{#entries}}{{text}};{{/entries}}"),
            ("prompts/insights.mustache", "{{question}} {{#entries}}{{text}};{{/entries}}"),
        ]
        return texts.map { ($0.0, Array($0.1.utf8)) }
    }
}
