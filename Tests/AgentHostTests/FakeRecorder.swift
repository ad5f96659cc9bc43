import Model
import ServiceRuntime
import SimulationKit
import Support
import Transport
import Wire

/// A recorder that answers as a test says, and shows what it was asked.
final class FakeRecorder: MessageLink {
    typealias Answer = @Sendable (Envelope) async throws -> any WireMessage

    private let answer: Answer
    private let seen = Guarded<[Envelope]>([])

    init(_ answer: @escaping Answer) { self.answer = answer }

    /// Messages of a kind so far.
    func seen<Message: WireMessage>(_ type: Message.Type = Message.self) throws -> [Message] {
        try seen.withLock { $0 }.filter { $0.kind == Message.kind.rawValue }.map { try Message(body: $0.body) }
    }

    /// What the test has it answer.
    func reply(to envelope: Envelope) async throws -> any WireMessage { try await answer(envelope) }

    func request(kind: UInt16, body: [UInt8]) async throws -> Envelope {
        let envelope = Envelope(kind: kind, body: body)
        seen.withLock { $0.append(envelope) }
        do {
            let reply = try await answer(envelope)
            return Envelope(kind: type(of: reply).kind.rawValue, body: reply.packed())
        } catch let problem as Problem {
            return Envelope(kind: RequestFailed.kind.rawValue, body: RequestFailed(problem).packed())
        }
    }

    @discardableResult func request(
        kind: UInt16, body: [UInt8], completion: @escaping @Sendable (Result<Envelope, TransportError>) -> Void
    ) -> UInt64 {
        completion(.failure(.closed))
        return 0
    }
    func cancel(_ request: UInt64) {}
    func post(_ envelopes: [Envelope]) {}
    func close() {}
}

/// People who do nothing.
struct IdleScenario: Scenario {
    static let name = "idle"
    static let parameters: [ParameterDefinition] = []

    init(parameters: ScenarioParameters) {}
    init() {}

    var agentTypes: [AgentTypeDefinition] {
        [AgentTypeDefinition(name: "person", fields: [FieldDefinition("name", .text, visibility: .everyone)])]
    }
    var templates: [TemplateDefinition] { [] }
    func act(_ turn: Turn) async throws {}
    func estimate(agentsByType: [String: Int]) -> RoundEstimate {
        RoundEstimate(calls: (0, 0, 0), promptTokens: 0, memories: 0)
    }

    /// What hosts know of a run of so many people.
    static func assets(agents: Int) throws -> SimulationAssets {
        let scenario = IdleScenario()
        let record = ProfileRecord(id: "p", values: ["name": .text("P")], type: scenario.agentTypes[0])
        return SimulationAssets(
            scenario: scenario,
            population: try Population([.init(type: scenario.agentTypes[0], records: [record], count: agents)]),
            prompts: try PromptLibrary(sources: [:], definitions: [], optional: [], folder: "prompts"),
            seed: RunSeed(1),
            models: ModelSettings(
                model: "", temperature: 0, topP: 1000, maxReplyTokens: 1, promptTokens: 100, reflectionTokens: 100),
            memory: MemorySettings(short: 1), limits: .init(calls: 1, depth: 1), embeddingModel: "",
            embeddingDimension: 4, collections: [:])
    }
}
