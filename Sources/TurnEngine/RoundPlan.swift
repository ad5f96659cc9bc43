import Model
import SimulationKit

/// A root turn that a round needs.
public struct PlannedRoot: Hashable, Sendable {
    /// What starts it.
    public var kind: RootKind
    /// Whose turn it is.
    public var agent: AgentID
    /// Its identity.
    public var turn: TurnID
    /// Its agent's partition.
    public var partition: UInt32

    /// A root turn of `agent`.
    public init(kind: RootKind, agent: AgentID, turn: TurnID, partition: UInt32) {
        self.kind = kind
        self.agent = agent
        self.turn = turn
        self.partition = partition
    }
}

/// Which root turns a partition's round needs: derived from the agents' states alone, so that every host that holds
/// the partition plans the same.
public enum RoundPlan {
    /// The roots of `partition` in `round`, consolidations before acts, each grouped by type and record, so that
    /// turns whose prompts start alike start together.
    public static func roots(
        partition: UInt32, agents: [AgentID], round: UInt32, assets: SimulationAssets, table: AgentTable
    ) -> [PlannedRoot] {
        func root(_ kind: RootKind, _ agent: AgentID) -> PlannedRoot {
            PlannedRoot(
                kind: kind, agent: agent,
                turn: .root(round: round, kind: kind, agent: assets.population.id(of: agent)), partition: partition)
        }
        let ordered = agents.sorted { left, right in
            let keys = (assets.population.recordKey(of: left), assets.population.recordKey(of: right))
            return keys.0 != keys.1 ? keys.0 < keys.1 : left.number < right.number
        }
        let consolidations = ordered.filter { table.state(of: $0).memory.hasPending(assets.memory) }
        let acts = ordered.filter {
            assets.scenario.acts(type: assets.population.type(of: $0))
                && assets.schedule.acts($0, round: round, population: assets.population, seed: assets.seed)
        }
        return consolidations.map { root(.consolidate, $0) } + acts.map { root(.act, $0) }
    }
}
