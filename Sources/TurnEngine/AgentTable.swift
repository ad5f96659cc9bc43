import Model
import SimulationKit
import Vectors

/// The agents of the partitions that a host holds, as of the end of the last closed round plus this round's
/// consolidations. Agents that never changed take no room.
public struct AgentTable: Sendable {
    private var states: [AgentID: AgentState] = [:]
    private var withInbox: Set<AgentID> = []
    /// Agents whose consolidation of the open round is applied already.
    private var consolidated: Set<AgentID> = []
    private let updater: StateUpdater

    /// A table of agents as they were before round 1.
    public init(assets: SimulationAssets) {
        updater = StateUpdater(memory: assets.memory, population: assets.population)
    }

    /// The agent's state.
    public func state(of agent: AgentID) -> AgentState { states[agent] ?? AgentState() }

    /// Applies a committed consolidation at once: the agent's other turns of this round see it.
    public mutating func apply(
        consolidationBy agent: AgentID, _ result: Consolidation, vector: (String) -> FixedVector?
    ) {
        guard consolidated.insert(agent).inserted else { return }
        updater.apply(.consolidate(result), to: &states[agent, default: AgentState()], of: agent, vector: vector)
    }

    /// Applies the consolidations of a committed tree at once.
    public mutating func applyConsolidations(of tree: Tree, vector: (String) -> FixedVector?) {
        for (_, targeted) in tree.orderedOperations {
            if case .consolidate(let result) = targeted.operation {
                apply(consolidationBy: targeted.target, result, vector: vector)
            }
        }
    }

    /// Ends a round for the agents that `isMerged` names: what was delivered before is gone. Others are in the middle of
    /// a round, and stay as they are.
    public mutating func beginMerge(of isMerged: (AgentID) -> Bool) {
        for agent in withInbox where isMerged(agent) { states[agent]?.inbox = [] }
        withInbox = withInbox.filter { !isMerged($0) }
    }

    /// Applies one operation of the merge. A consolidation that took effect when it committed is not applied again.
    public mutating func merge(_ operation: Model.Operation, target: AgentID, vector: (String) -> FixedVector?) {
        switch operation {
        case .consolidate(let result):
            apply(consolidationBy: target, result, vector: vector)
            return
        case .message, .claimResult: withInbox.insert(target)
        default: break
        }
        updater.apply(operation, to: &states[target, default: AgentState()], of: target, vector: vector)
    }

    /// Ends the merge of these agents: the next round may consolidate again.
    public mutating func endMerge(of isMerged: (AgentID) -> Bool) {
        consolidated = consolidated.filter { !isMerged($0) }
    }

    /// Drops all agents that `keep` refuses: their partition went to another host.
    public mutating func retain(where keep: (AgentID) -> Bool) {
        states = states.filter { keep($0.key) }
        withInbox = withInbox.filter(keep)
        consolidated = consolidated.filter(keep)
    }
}
