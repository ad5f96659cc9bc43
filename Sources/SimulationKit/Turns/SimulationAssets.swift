import Model

/// How models are asked, from the configuration.
public struct ModelSettings: Sendable, Equatable {
    /// Name of the chat model; empty for the server's only one.
    public var model: String
    /// Temperature times 1000.
    public var temperature: UInt32
    /// Nucleus probability times 1000.
    public var topP: UInt32
    /// Most tokens of a written answer.
    public var maxReplyTokens: UInt32
    /// Most tokens of a prompt.
    public var promptTokens: Int
    /// Most tokens of a reflection's prompt.
    public var reflectionTokens: Int
    /// Name of the model that rates and reflects on memories; nil for the chat model.
    public var memoryModel: String?
    /// Names of the templates whose choices and ratings are drawn from the model's distribution.
    public var distributions: Set<String>
    /// Whether the servers count the tokens of prompts that may be too long; else they are estimated.
    public var countsTokens: Bool
    /// Tokens of context that every server offers, 0 when unknown.
    public private(set) var contextTokens = 0

    /// Settings; see the properties.
    public init(
        model: String, temperature: UInt32, topP: UInt32, maxReplyTokens: UInt32, promptTokens: Int,
        reflectionTokens: Int, memoryModel: String? = nil, distributions: Set<String> = [], countsTokens: Bool = false
    ) {
        self.model = model
        self.temperature = temperature
        self.topP = topP
        self.maxReplyTokens = maxReplyTokens
        self.promptTokens = promptTokens
        self.reflectionTokens = reflectionTokens
        self.memoryModel = memoryModel
        self.distributions = distributions
        self.countsTokens = countsTokens
    }

    /// The model that calls of this kind go to.
    public func model(for kind: CallKind) -> String {
        switch kind {
        case .importance, .questions, .insights: memoryModel ?? model
        // What is counted is for one of the others, whose model is named.
        case .choice, .text, .scale, .structured, .count: model
        }
    }

    /// Most tokens of a prompt whose answer may have so many tokens: both have to find room in a server's context.
    func promptTokens(besideAnswerOf tokens: UInt32) -> Int {
        contextTokens > 0 ? min(promptTokens, max(0, contextTokens - Int(tokens))) : promptTokens
    }

    /// The same, with prompts cut to what a server's context leaves beside an answer. 0 means unknown.
    public func limited(toContext tokens: Int) -> ModelSettings {
        guard tokens > 0 else { return self }
        var limited = self
        limited.contextTokens = tokens
        // At most half of a context goes to the answer, so that a prompt always has room.
        limited.maxReplyTokens = min(maxReplyTokens, UInt32(clamping: tokens / 2))
        let room = tokens - Int(limited.maxReplyTokens)
        limited.promptTokens = min(promptTokens, room)
        limited.reflectionTokens = min(reflectionTokens, room)
        return limited
    }
}

/// Bounds on a tree of turns. Passing one fails the turn that did.
public struct TreeLimits: Sendable, Equatable {
    /// Calls of one turn and the turns below it.
    public var calls: Int
    /// Asks below one another.
    public var depth: Int
    /// Bytes that one turn and the turns below it write. Half of what a message holds by default, since paths and
    /// names of outcomes travel along.
    public var bytes: Int

    /// `bytes` of a run.
    public static let defaultBytes = 4 << 20

    /// Bounds; see the properties.
    public init(calls: Int, depth: Int, bytes: Int = defaultBytes) {
        self.calls = calls
        self.depth = depth
        self.bytes = bytes
    }
}

/// Everything fixed that turns read: shared by all of them, never changed during a run.
public final class SimulationAssets: Sendable {
    /// The scenario.
    public let scenario: any Scenario
    /// The agents.
    public let population: Population
    /// The compiled prompt templates.
    public let prompts: PromptLibrary
    /// The run's seed.
    public let seed: RunSeed
    /// How models are asked.
    public let models: ModelSettings
    /// How memory is kept.
    public let memory: MemorySettings
    /// Bounds on trees.
    public let limits: TreeLimits
    /// Name of the embedding model, part of what an embedding call's hash covers.
    public let embeddingModel: String
    /// Numbers in a vector.
    public let embeddingDimension: Int
    /// Searchable texts by collection name.
    public let collections: [String: ItemCollection]
    /// Who acts when.
    public let schedule: TurnSchedule
    /// Who is related to whom at the start, by the relation's name.
    public let relations: [String: RelationGraph]
    /// The environment's fields before round 1.
    public let environment: [String: Value]
    /// The configuration's interventions, in its order.
    public let interventions: [Intervention]
    let composer: PromptComposer

    /// The assets of a run.
    public init(
        scenario: any Scenario, population: Population, prompts: PromptLibrary, seed: RunSeed, models: ModelSettings,
        memory: MemorySettings, limits: TreeLimits, embeddingModel: String, embeddingDimension: Int,
        collections: [String: ItemCollection], schedule: TurnSchedule = TurnSchedule(),
        relations: [String: RelationGraph] = [:], environment: [String: Value] = [:],
        interventions: [Intervention] = []
    ) {
        self.scenario = scenario
        self.population = population
        self.prompts = prompts
        self.seed = seed
        self.models = models
        self.memory = memory
        self.limits = limits
        self.embeddingModel = embeddingModel
        self.embeddingDimension = embeddingDimension
        self.collections = collections
        self.schedule = schedule
        self.relations = relations
        self.environment = environment
        self.interventions = interventions
        composer = PromptComposer(population: population, prompts: prompts)
    }

    /// The configuration's interventions that take effect with a round.
    public func interventions(inRound round: UInt32) -> [Intervention] {
        interventions.filter { $0.round == round }
    }

    /// Everything that turns may read of the environment in this state of it.
    public func world(_ state: AgentState) -> World { World(environment.merging(state.fields) { $1 }) }
}
