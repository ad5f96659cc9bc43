import Model
import SimulationKit
import Support

/// What a version of the village's code does otherwise.
protocol VillageVersion: Sendable {
    /// A word in everybody's prompts.
    static var word: String { get }
    /// Whether people act at all.
    static var acts: Bool { get }
    /// Whether they make one more choice, and go on whatever becomes of it.
    static var triesMore: Bool { get }
    /// What they tell of.
    static var event: String { get }
}

extension VillageVersion {
    static var word: String { "weather" }
    static var acts: Bool { true }
    static var triesMore: Bool { false }
    static var event: String { "talked" }
}

/// The code that the run was recorded with.
enum RecordedVersion: VillageVersion {}
/// Renders another prompt.
enum OtherPrompt: VillageVersion { static let word = "harvest" }
/// Nobody acts any more.
enum NobodyActs: VillageVersion { static let acts = false }
/// Makes a call that was never recorded, and catches what becomes of it.
enum OneMoreCall: VillageVersion { static let triesMore = true }
/// Makes the same calls and tells of something else.
enum OtherEvent: VillageVersion { static let event = "chatted" }

/// People who talk to one another, want seats and remember: every kind of call, change and turn, in a few lines.
struct Village<Version: VillageVersion>: Scenario {
    static var name: String { "village" }
    static var parameters: [ParameterDefinition] { [] }

    init(parameters: ScenarioParameters) {}

    var agentTypes: [AgentTypeDefinition] {
        [
            AgentTypeDefinition(
                name: "villager",
                fields: [
                    FieldDefinition("name", .text, visibility: .everyone),
                    FieldDefinition("seats", .int, mutability: .dynamic, initial: .int(2)),
                ])
        ]
    }
    var templates: [TemplateDefinition] { [TemplateDefinition("say", fields: ["text"])] }
    var hasEnvironmentTurn: Bool { true }
    func acts(type: String) -> Bool { Version.acts }

    func act(_ turn: Turn) async throws {
        if let claim = turn.inbox.first(where: { $0.subject == AgentState.claimSubject }) {
            try turn.rememberText("I was \(claim.body["granted"] == .bool(true) ? "given" : "refused") a seat.")
        }
        let mood = try await turn.choose(
            "say", ["text": .text("What do you think of the \(Version.word) in round \(turn.round)?")],
            options: ["little", "much"])
        let line = try await turn.write("say", ["text": .text("Speak to your neighbour, mood \(mood).")])
        if Version.triesMore { _ = try? await turn.write("say", ["text": .text("And one word more.")]) }
        let count = turn.assets.population.count
        let neighbour = AgentID(number: (turn.agent.number + 1) % UInt32(count))
        let reply = try await turn.ask(neighbour, .text(line))
        let ratings = try await turn.parallel(["food", "music"]) { thing, branch in
            try await branch.rate("say", ["text": .text("How good is the \(thing)?")], scale: 1...5)
        }
        try turn.rememberText("I said \(line) and heard \(reply.text ?? ""), ratings \(ratings).")
        try turn.claim("seats", of: AgentID(number: 0))
        try turn.contribute(.add(field: "talks", amount: 1))
        try turn.event(Version.event, ["mood": .int(Int64(mood)), "heard": turn.world("talks") ?? .null])
    }

    func answer(_ request: Value, from asker: AgentID, _ turn: Turn) async throws -> Value {
        let line = try await turn.write("say", ["text": .text("Answer to: \(request.text ?? "")")])
        try turn.rememberText("Somebody said \(request.text ?? "") to me.")
        return .text(line)
    }

    func takeEnvironmentTurn(_ turn: Turn) async throws {
        let talks = turn.field("talks")?.int ?? 0
        let line = try await turn.write("say", ["text": .text("So far \(talks) talks. What is the news?")])
        try turn.set("weather", to: .text("weather \(turn.round), after \(turn.worldText("weather"))"))
        try turn.event("news", ["talks": .int(talks), "line": .text(line)])
    }

    func estimate(agentsByType: [String: Int]) -> RoundEstimate {
        RoundEstimate(calls: (0, 0, 0), promptTokens: 0, memories: 0)
    }

    static var registry: ScenarioRegistry { ScenarioRegistry([Self.self]) }
}

enum VillageFiles {
    static let configuration = """
        name: village
        seed: 5
        rounds: 3
        partitions: 3
        scenario: { name: village, prompts: prompts }
        populations:
          villager: { file: people.json, count: 6 }
        memory: { kind: short-long-reflection, short: 1, long: 2, reflection_threshold: 0.1 }
        """

    static let files: [String: String] = [
        "people.json": #"[{"id": "ann", "name": "Ann"}, {"id": "bob", "name": "Bob"}, {"id": "cy", "name": "Cy"}]"#,
        "prompts/say.mustache": "{{text}}",
        "prompts/memory.mustache": "{{#long}}{{text}}\n{{/long}}{{#short}}{{text}}\n{{/short}}",
        "prompts/importance.mustache": "How important is this? {{text}}",
        "prompts/questions.mustache": "Which questions follow?{{#entries}} {{text}}{{/entries}}",
        "prompts/insights.mustache": "{{question}}{{#entries}} {{text}}{{/entries}}",
    ]
}
