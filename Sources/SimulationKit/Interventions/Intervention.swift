import MessagePack
import Model
import Support

/// What a researcher does to a run from outside, at the end of a round: it takes effect with the next one.
public struct Intervention: Sendable, Equatable {
    /// Something that happens.
    public enum Effect: Sendable, Equatable {
        /// A dynamic field gets a value.
        case set(field: String, value: Value)
        /// A dynamic whole number grows by an amount, or shrinks by a negative one.
        case add(field: String, amount: Int64)
        /// The agents remember a text.
        case remember(String)
        /// The agents find a message in their inbox, for one round.
        case message(subject: String, body: Value)
        /// A text stands in the agents' prompts until another takes its place; an empty one ends it.
        case announce(String)
        /// The agents find a text in their inbox, and remember it.
        case broadcast(String)
        /// The agents are related to these others, by id, or are not any more.
        case relate(relation: String, to: [String], isRelated: Bool)
    }

    /// The first round with it; nil for the next that has not begun.
    public var round: UInt32?
    /// Whom it concerns.
    public var agents: AgentSelection
    /// What happens, in this order.
    public var effects: [Effect]

    /// An intervention; see the properties.
    public init(round: UInt32? = nil, agents: AgentSelection = .everyone, effects: [Effect]) {
        self.round = round
        self.agents = agents
        self.effects = effects
    }

    /// The environment's field with what is announced to everybody.
    public static let announcementField = "intervention"
    /// The field of a single agent with what is announced to it.
    static let ownAnnouncementField = FieldDefinition.reservedPrefix + "intervention"
    /// Subject of the messages of a broadcast.
    public static let broadcastSubject = "broadcast"
}

/// Agents that an intervention concerns.
public enum AgentSelection: Sendable, Equatable {
    /// All agents; the environment is none of them.
    case everyone
    /// The environment.
    case environment
    /// The agents of these ids; the name of a type stands for all of its agents.
    case named([String])
    /// Agents of a type, or of any, whose public fields at the start have one of the values that the conditions name.
    case matching(type: String?, conditions: [Condition])

    /// What a public field has to be.
    public struct Condition: Sendable, Equatable {
        /// The field.
        public var field: String
        /// One of these.
        public var values: [Value]

        /// A condition.
        public init(field: String, values: [Value]) {
            self.field = field
            self.values = values
        }
    }

    /// The agents, by number, each once; names that nobody has are left out.
    public func agents(of population: Population) -> [AgentID] {
        switch self {
        case .everyone: return population.agents
        case .environment: return [.environment]
        case .named(let names):
            // A type that is named again has no further agents.
            let found = Set(names).flatMap { name in
                population.agent(withID: name).map { [$0] } ?? population.agents(ofType: name)
            }
            return Set(found).sorted { $0.number < $1.number }
        case .matching(let type, let conditions):
            let candidates = type.map { population.agents(ofType: $0) } ?? population.agents
            guard !conditions.isEmpty else { return candidates }
            let wanted = conditions.map { (field: $0.field, values: Set($0.values)) }
            return candidates.filter { agent in
                let fields = population.publicFields(of: agent)
                return wanted.allSatisfy { condition in
                    fields[condition.field].map { condition.values.contains($0) } ?? false
                }
            }
        }
    }
}

extension Intervention: Packable {
    public func pack(into packer: inout Packer) { value.pack(into: &packer) }

    public init(from unpacker: inout Unpacker) throws {
        let value = try Value(from: &unpacker)
        do { self = try Intervention(value, at: "intervention") } catch {
            throw DecodingFailure.unexpected("intervention")
        }
    }
}
