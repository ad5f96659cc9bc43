import Model
import Vectors

/// What an agent is at the start of a round, beyond its static profile. A value: turns work on copies.
public struct AgentState: Sendable, Equatable {
    /// A message that waits for the agent's next turn.
    public struct InboxMessage: Sendable, Equatable {
        /// Who sent it; the environment for results of claims.
        public var sender: AgentID
        /// What it is about.
        public var subject: String
        /// What it says.
        public var body: Value

        /// A message.
        public init(sender: AgentID, subject: String, body: Value) {
            self.sender = sender
            self.subject = subject
            self.body = body
        }
    }

    /// Dynamic fields that differ from the profile's initial values.
    public var fields: [String: Value] = [:]
    /// What the agent remembers.
    public var memory = MemoryState()
    /// Messages delivered by the last merge; they live for one round.
    public var inbox: [InboxMessage] = []

    /// An agent before round 1.
    public init() {}

    /// The dynamic field in which changes of relations stand.
    static let relationsField = FieldDefinition.reservedPrefix + "relations"

    /// Subject under which the result of a claim is delivered.
    public static let claimSubject = "claim"
}

/// Applies operations to agents' states: the one meaning of every operation.
public struct StateUpdater: Sendable {
    /// How memory is kept.
    public var memory: MemorySettings
    /// The agents, for initial values of fields.
    public var population: Population
    /// The environment's initial fields.
    public var environment: [String: Value]

    /// An updater with these rules.
    public init(memory: MemorySettings, population: Population, environment: [String: Value] = [:]) {
        self.memory = memory
        self.population = population
        self.environment = environment
    }

    /// An updater for a run.
    public init(_ assets: SimulationAssets) {
        self.init(memory: assets.memory, population: assets.population, environment: assets.environment)
    }

    /// Applies one operation to the state of `agent`. An operation that does not fit the field's present type
    /// replaces what it cannot add to, so that the result never depends on who checks.
    ///
    /// `vector` gives the vectors of texts that a consolidation rated or wrote. Gives how many entries of long-term
    /// memory were forgotten for it.
    @discardableResult public func apply(
        _ operation: Model.Operation, to state: inout AgentState, of agent: AgentID,
        vector: (String) -> FixedVector? = { _ in nil }
    ) -> Int {
        func current(_ field: String) -> Value? {
            state.fields[field] ?? (agent == .environment ? environment : population.record(of: agent))[field]
        }
        switch operation {
        case .set(let field, let value): state.fields[field] = value
        case .add(let field, let amount):
            state.fields[field] = .int((current(field)?.int ?? 0).addingSaturated(amount))
        case .append(let field, let value):
            var values = current(field)?.list ?? []
            // Held once, it grows in place: the environment's lists get an entry from every agent in every round.
            state.fields[field] = .null
            values.append(value)
            state.fields[field] = .list(values)
        case .remember(let text, let time): state.memory.remember(text, time: time, settings: memory)
        case .message(let sender, let subject, let body):
            state.inbox.append(.init(sender: sender, subject: subject, body: body))
        case .claimResult(let owner, let resource, let granted):
            state.inbox.append(
                .init(
                    sender: owner, subject: AgentState.claimSubject,
                    body: .map(["resource": .text(resource), "granted": .bool(granted)])))
        case .consolidate(let result): return state.memory.consolidate(result, settings: memory, vector: vector)
        case .relate(let relation, let other, let isRelated):
            var all = state.fields[AgentState.relationsField]?.map ?? [:]
            var changes = all[relation]?.map ?? [:]
            changes[String(other.number)] = .bool(isRelated)
            all[relation] = .map(changes)
            state.fields[AgentState.relationsField] = .map(all)
        case .claim, .event: break
        }
        return 0
    }
}
