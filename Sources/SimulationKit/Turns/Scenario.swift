import Model
import Support

/// A social scenario: who the agents are, and what they do.
///
/// Turns are ordinary async functions. They may run again after a crash, in any process, and must do the same again:
/// whatever differs from run to run (time, chance, the answers of models and other agents) comes from the `Turn`.
public protocol Scenario: Sendable {
    /// The name under which a configuration asks for it.
    static var name: String { get }
    /// What a configuration may set.
    static var parameters: [ParameterDefinition] { get }
    /// Builds the scenario from checked parameters, every one present.
    init(parameters: ScenarioParameters) throws

    /// Reads the data files that the parameters name, once, before agents, collections or turns are asked for; types of
    /// agents and templates may be asked for earlier. `read` gives a file's bytes by its path relative to the
    /// configuration; what it gave is kept with the run, so that every host and a replay read the same.
    mutating func load(_ read: (String) throws -> [UInt8]) throws

    /// The types of agents with their profile fields.
    var agentTypes: [AgentTypeDefinition] { get }
    /// The prompt templates that turns render, with the fields that each may use.
    var templates: [TemplateDefinition] { get }
    /// Texts of templates that the scenario brings along; a file of the same name takes its place.
    var templateTexts: [String: String] { get }
    /// Names of the relations that the configuration must have.
    var relationNames: Set<String> { get }
    /// Kinds of memory that it brings along: a configuration may choose them by their names.
    var memories: [any MemoryPolicy.Type] { get }
    /// Names of templates that may be missing: their part of a prompt is then left out.
    var optionalTemplates: Set<String> { get }
    /// Whether the environment takes a turn after each round's merge.
    var hasEnvironmentTurn: Bool { get }
    /// Texts that turns search by nearness, embedded once before round 1.
    func collections(of population: Population) -> [CollectionDefinition]
    /// The environment's fields before round 1; what the configuration says of them goes before.
    func environmentFields(of population: Population) -> [String: Value]
    /// Whether agents of a type take a turn of their own each round; all can be asked.
    func acts(type: String) -> Bool
    /// An agent's own turn.
    func act(_ turn: Turn) async throws
    /// A passive turn: answers what another agent's turn asked.
    func answer(_ request: Value, from asker: AgentID, _ turn: Turn) async throws -> Value
    /// The environment's turn; called only where `hasEnvironmentTurn`.
    func takeEnvironmentTurn(_ turn: Turn) async throws
    /// Name of the event whose first two the summary quotes, by their details `speaker` and `text`; nil for none.
    var quotedEvent: String? { get }
    /// Lines for the summary at the end of a run, from the counts of events by name; among them `claims_granted` and
    /// `claims_refused`, which the merge counts.
    func summary(of events: [String: UInt64]) -> [String]
    /// What one round is likely to cost for a population, for `--dry-run`.
    func estimate(agentsByType: [String: Int]) -> RoundEstimate
}

extension Scenario {
    /// No data files.
    public mutating func load(_ read: (String) throws -> [UInt8]) throws {}
    /// All templates are files.
    public var templateTexts: [String: String] { [:] }
    /// No relations are needed.
    public var relationNames: Set<String> { [] }
    /// The kit's kinds of memory alone.
    public var memories: [any MemoryPolicy.Type] { [] }
    /// All agents take turns of their own.
    public func acts(type: String) -> Bool { true }
    /// Nobody is asked.
    public func answer(_ request: Value, from asker: AgentID, _ turn: Turn) async throws -> Value {
        throw TurnFailed(.init(reason: .scenarioError, text: "agents of type \(turn.type) answer nobody"))
    }
    /// Nothing beside what every run's summary tells.
    public func summary(of events: [String: UInt64]) -> [String] { [] }
    /// Every template is needed.
    public var optionalTemplates: Set<String> { [] }
    /// No environment turn.
    public var hasEnvironmentTurn: Bool { false }
    /// The environment has no fields before somebody contributes to them.
    public func environmentFields(of population: Population) -> [String: Value] { [:] }
    /// Nothing is quoted.
    public var quotedEvent: String? { nil }
    /// No collections.
    public func collections(of population: Population) -> [CollectionDefinition] { [] }
    /// Does nothing.
    public func takeEnvironmentTurn(_ turn: Turn) async throws {}
}

/// Calls and tokens that one round is likely to cost, before memory's own calls.
public struct RoundEstimate: Sendable, Equatable {
    /// LLM calls on the shortest, the likely and the longest path.
    public var calls: (least: Int, likely: Int, most: Int)
    /// Tokens of one prompt, roughly.
    public var promptTokens: Int
    /// Memories written on the longest path: each costs a rating and an embedding in a later round.
    public var memories: Int

    /// An estimate.
    public init(calls: (least: Int, likely: Int, most: Int), promptTokens: Int, memories: Int) {
        self.calls = calls
        self.promptTokens = promptTokens
        self.memories = memories
    }

    public static func == (left: RoundEstimate, right: RoundEstimate) -> Bool {
        left.calls == right.calls && left.promptTokens == right.promptTokens && left.memories == right.memories
    }
}

/// A named set of texts that turns search by nearness.
public struct CollectionDefinition: Sendable, Equatable {
    /// An item: an agent, or a thing that is none, and the text that stands for it.
    public struct Item: Sendable, Equatable {
        /// The agent; nil for a thing.
        public var agent: AgentID?
        /// The text that is embedded.
        public var text: String

        /// An item.
        public init(agent: AgentID? = nil, text: String) {
            self.agent = agent
            self.text = text
        }
    }

    /// The collection's name.
    public var name: String
    /// Its items; several may share one text.
    public var items: [Item]

    /// A collection.
    public init(name: String, items: [Item]) {
        self.name = name
        self.items = items
    }
}

/// A prompt template that a scenario renders.
public struct TemplateDefinition: Sendable, Equatable {
    /// Its name: the file's name without `.mustache`.
    public var name: String
    /// Names of fields that it may use; a section's inner fields are written `section.field`.
    public var fields: [String]

    /// A template with its fields.
    public init(_ name: String, fields: [String]) {
        self.name = name
        self.fields = fields
    }
}
