import Model

/// When the agents of a type take a turn of their own.
public indirect enum ScheduleRule: Sendable, Equatable {
    /// Every agent, in every round.
    case everyone
    /// No agent; all can still be asked.
    case nobody
    /// A share of the agents, in millionths: each agent is drawn anew for each round.
    case fraction(millionths: Int64)
    /// Agents whose public field at the start is one of these values.
    case having(field: String, values: [Value])
    /// All agents, in some rounds.
    case rounds(RoundSet)
    /// Each agent with the probability that its public number from 0 to 1 at the start says.
    case activity(field: String)
    /// Agents that all of these rules let act.
    case all([ScheduleRule])

    /// Names of the fields that it reads.
    public var fields: [String] {
        switch self {
        case .everyone, .nobody, .fraction, .rounds: []
        case .having(let field, _), .activity(let field): [field]
        case .all(let rules): rules.flatMap(\.fields)
        }
    }
}

/// Some rounds of a run.
public struct RoundSet: Sendable, Equatable {
    /// The first.
    public var from: UInt32
    /// The last; nil for none.
    public var until: UInt32?
    /// Rounds from one to the next.
    public var every: UInt32

    /// Every `every`-th round from `from`, not after `until`.
    public init(from: UInt32 = 1, until: UInt32? = nil, every: UInt32 = 1) {
        precondition(every > 0, "rounds cannot repeat without going on")
        self.from = from
        self.until = until
        self.every = every
    }

    /// Whether `round` is one of them.
    public func contains(_ round: UInt32) -> Bool {
        round >= from && round <= until ?? .max && (round - from) % every == 0
    }
}
