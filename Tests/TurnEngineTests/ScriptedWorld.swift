import Hashing
import Model
import SimulationKit
import Support
import TurnEngine

/// Two types of agents whose turns are closures, so that a test says what they do.
struct ClosureScenario: Scenario {
    typealias Act = @Sendable (Turn) async throws -> Void
    typealias Answer = @Sendable (Value, AgentID, Turn) async throws -> Value

    static let name = "closures"
    static let parameters: [ParameterDefinition] = []

    var onAct: Act = { _ in }
    var onAnswer: Answer = { _, _, _ in .null }

    init(parameters: ScenarioParameters) {}
    init(act: @escaping Act, answer: @escaping Answer = { _, _, _ in .null }) {
        onAct = act
        onAnswer = answer
    }

    var agentTypes: [AgentTypeDefinition] {
        [
            AgentTypeDefinition(
                name: "person",
                fields: [
                    FieldDefinition("name", .text, visibility: .everyone),
                    FieldDefinition("secret", .text, initial: .text("hidden")),
                    FieldDefinition("score", .int, mutability: .dynamic, initial: .int(3)),
                ])
        ]
    }
    var templates: [TemplateDefinition] {
        KitTemplates.definitions + [
            TemplateDefinition("person.instruction", fields: ["name", "secret", "score"]),
            TemplateDefinition("person.profile", fields: ["name", "secret", "score"]),
            TemplateDefinition("person.dynamic", fields: ["name", "secret", "score"]),
            TemplateDefinition("question", fields: ["text"]),
        ]
    }
    func act(_ turn: Turn) async throws { try await onAct(turn) }
    func answer(_ request: Value, from asker: AgentID, _ turn: Turn) async throws -> Value {
        try await onAnswer(request, asker, turn)
    }
    func estimate(agentsByType: [String: Int]) -> RoundEstimate {
        RoundEstimate(calls: (0, 0, 0), promptTokens: 0, memories: 0)
    }
}

/// Performs calls from a script, and asks by running the other agent's turn at once.
final class ScriptedPerformer: CallPerformer {
    typealias Complete = @Sendable (CompletionSpec) -> CompletionOutcome

    struct Seen: Sendable {
        var calls: [CallID] = []
        var specs: [CompletionSpec] = []
        var embedded: [[String]] = []
        var asks: [AskCall] = []
    }

    let seen = Guarded(Seen())
    private let interrupts: Bool
    private let respond: Complete
    private let delay: @Sendable (CompletionSpec) async -> Void
    let runner = Guarded<TurnRunner?>(nil)

    init(
        respond: @escaping Complete = { _ in ScriptedPerformer.answer("yes") },
        delay: @escaping @Sendable (CompletionSpec) async -> Void = { _ in }, interrupts: Bool = false
    ) {
        self.interrupts = interrupts
        self.respond = respond
        self.delay = delay
    }

    static func answer(_ text: String) -> CompletionOutcome {
        CompletionOutcome(
            answer: text, rejection: "", rejected: [], promptTokens: 10, completionTokens: 1, model: "m")
    }

    static func rejection(_ text: String) -> CompletionOutcome {
        CompletionOutcome(
            answer: nil, rejection: text, rejected: [], promptTokens: 10, completionTokens: 1, model: "m")
    }

    func complete(
        _ spec: CompletionSpec, request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> CompletionOutcome {
        if let known = tree.recorded[call], known.request == spec.requestHash,
            case .answer(let answer?, _) = known.content
        {
            return Self.answer(answer)
        }
        try interrupt()
        await delay(spec)
        seen.withLock {
            $0.calls.append(call)
            $0.specs.append(spec)
        }
        return respond(spec)
    }

    func embed(
        _ texts: [String], request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> EmbeddingAnswer {
        try interrupt()
        seen.withLock { $0.embedded.append(texts) }
        // One half float of 1.0 at a place that follows from the text, zeros elsewhere.
        let vectors = texts.map { text -> [UInt8] in
            var bytes = [UInt8](repeating: 0, count: 16)
            bytes[text.utf8.reduce(0) { ($0 + Int($1)) % 8 } * 2 + 1] = 0x3C
            return bytes
        }
        return EmbeddingAnswer(model: "e", vectors: vectors)
    }

    private func interrupt() throws { if interrupts { throw TurnInterrupted(reason: "the run stops") } }

    func ask(_ ask: AskCall) async throws -> AskReply {
        try interrupt()
        seen.withLock { $0.asks.append(ask) }
        guard let runner = runner.withLock({ $0 }) else { throw TurnInterrupted(reason: "no runner") }
        return try await runner.runPassive(ask, state: AgentState())
    }
}

/// A small run: three people, one scenario, one performer.
struct World {
    let assets: SimulationAssets
    let performer: ScriptedPerformer
    let runner: TurnRunner

    static let templates = [
        "person.instruction": "Be a person.\n", "person.profile": "You are {{name}}, who is {{secret}}.\n",
        "person.dynamic": "Score {{score}}.\n",
        "memory": "Long:{{#long}}\n- {{text}}{{/long}}\nShort:{{#short}}\n- {{text}}{{/short}}\n",
        "intervention": "Everybody knows: {{intervention}}\n", "question": "{{text}}",
        "importance": "importance on a scale of 1 to 10: {{text}}",
        "questions": "most salient high-level questions:{{#entries}} {{text}}{{/entries}}",
        "insights": "high-level insights {{question}}:{{#entries}} {{text}}{{/entries}}",
    ]

    init(
        _ scenario: any Scenario, performer: ScriptedPerformer = ScriptedPerformer(), seed: UInt64 = 1,
        memory: MemorySettings = MemorySettings(), promptTokens: Int = 6000, reflectionTokens: Int = 3000,
        countsTokens: Bool = false, contextTokens: Int = 0,
        limits: TreeLimits = .init(calls: 100, depth: 3), relations: [String: RelationGraph] = [:],
        templates: [String: String] = [:], environment: [String: Value] = [:],
        interventions: [Intervention] = []
    ) throws {
        let records = ["Ada", "Ben", "Cleo"].map { name in
            ProfileRecord(id: name.lowercased(), values: ["name": .text(name)], type: scenario.agentTypes[0])
        }
        let population = try Population([.init(type: scenario.agentTypes[0], records: records, count: 3)])
        let prompts = try PromptLibrary(
            sources: Self.templates.merging(templates) { $1 }, definitions: scenario.templates,
            optional: KitTemplates.optional, folder: "prompts")
        assets = SimulationAssets(
            scenario: scenario, population: population, prompts: prompts, seed: RunSeed(seed),
            models: ModelSettings(
                model: "", temperature: 700, topP: 1000, maxReplyTokens: 64, promptTokens: promptTokens,
                reflectionTokens: reflectionTokens, countsTokens: countsTokens
            ).limited(toContext: contextTokens), memory: memory, limits: limits, embeddingModel: "e",
            embeddingDimension: 8,
            collections: [:], relations: relations, environment: environment, interventions: interventions)
        self.performer = performer
        runner = TurnRunner(assets: assets, performer: performer)
        let runner = runner
        performer.runner.withLock { $0 = runner }
    }

    static let ada = AgentID(number: 0)
    static let ben = AgentID(number: 1)
    static let cleo = AgentID(number: 2)

    func context(
        recorded: [CallID: RecordedOutcome] = [:], round: UInt32 = 1, world: [String: Value] = [:]
    ) -> TreeContext {
        TreeContext(
            round: round, time: Int64(round - 1) * 86_400,
            root: .root(round: round, kind: .act, agent: "ada"), rootPartition: 0, world: SimulationKit.World(world),
            recorded: recorded)
    }

    func run(
        _ kind: RootKind = .act, state: AgentState = AgentState(), recorded: [CallID: RecordedOutcome] = [:]
    ) async throws -> RootResult {
        try await runner.runRoot(kind, agent: Self.ada, state: state, tree: context(recorded: recorded))
    }
}

extension RootResult {
    /// Texts remembered, in the order of the merge, with whose memory they enter.
    var remembered: [String] {
        tree.orderedOperations.compactMap { entry in
            if case .remember(let text, _) = entry.operation.operation {
                "\(entry.operation.target): \(text)"
            } else {
                nil
            }
        }
    }
}
