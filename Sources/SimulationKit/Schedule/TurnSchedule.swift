import Hashing
import Model

/// Who takes a turn of its own in which round: from the configuration, the agents' profiles at the start and the run's
/// seed alone, so that every host that holds an agent decides alike.
public struct TurnSchedule: Sendable, Equatable {
    /// Rules by type of agent. Agents of other types act in every round.
    public let rules: [String: ScheduleRule]

    /// A schedule of these rules.
    public init(_ rules: [String: ScheduleRule] = [:]) { self.rules = rules }

    /// Whether an agent takes a turn of its own in `round`.
    public func acts(_ agent: AgentID, round: UInt32, population: Population, seed: RunSeed) -> Bool {
        guard !rules.isEmpty, let rule = rules[population.type(of: agent)] else { return true }
        return Decision(agent: agent, round: round, population: population, seed: seed).holds(rule, path: 0)
    }

    /// One agent in one round.
    private struct Decision {
        let agent: AgentID
        let round: UInt32
        let population: Population
        let seed: RunSeed

        /// `path` tells the rules of one decision apart, so that two fractions are two draws.
        func holds(_ rule: ScheduleRule, path: UInt64) -> Bool {
            switch rule {
            case .everyone: true
            case .nobody: false
            case .fraction(let millionths): isDrawn(millionths, path)
            case .having(let field, let values):
                population.publicFields(of: agent)[field].map { values.contains($0) } ?? false
            case .rounds(let rounds): rounds.contains(round)
            case .activity(let field): isDrawn(activity(field), path)
            case .all(let rules):
                rules.enumerated().allSatisfy { holds($1, path: path * 64 + UInt64($0) + 1) }
            }
        }

        private func isDrawn(_ millionths: Int64, _ path: UInt64) -> Bool {
            var generator = seed.schedule(round: round, agent: population.id(of: agent), rule: path)
            return generator.below(1_000_000) < millionths
        }

        /// The field's number in millionths; 0 where there is none.
        private func activity(_ field: String) -> Int64 {
            switch population.publicFields(of: agent)[field] {
            case .int(let value): value > 0 ? 1_000_000 : 0
            case .double(let value): Int64((min(max(value, 0), 1) * 1_000_000).rounded())
            default: 0
            }
        }
    }
}
