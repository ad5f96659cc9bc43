import Model
import SimulationKit
import Vectors

/// The agents of the partitions that a host holds, as of the end of the last closed round plus this round's
/// consolidations. Agents that never changed take no room.
public struct AgentTable: Sendable {
    struct Entry: Sendable {
        var state = AgentState()
        /// What snapshots hold of the long-term memory.
        var saved = MemoryChain()
        /// The round as of whose end the agent's head was when it was loaded; 0 without one.
        var headRound: UInt32 = 0
        /// Whether the agent has changed since its last snapshot.
        var isChanged = false
        /// When a turn last needed the agent in full, by the table's own count.
        var used: UInt64 = 0
        /// Whether its memory stays here, since what snapshots hold of it was refused once.
        var isKept = false
        /// Tells apart the agent's lives in the table: what was captured of another says nothing of this one.
        var generation: UInt64
        /// Tells apart what snapshots have added up to: once some of its memory is forgotten, they begin anew.
        var edition: UInt32 = 0
        /// Whether it has a place among those whose memory may be left to the recorder.
        var isListed = false

        /// Notes that so many entries of its memory are gone: what snapshots hold of it is no beginning of what is
        /// left.
        mutating func noteForgotten(_ count: Int) {
            guard count > 0 else { return }
            let total = saved.forgotten.addingReportingOverflow(UInt32(clamping: count))
            saved = MemoryChain(forgotten: total.overflow ? .max : total.partialValue)
            edition &+= 1
            isChanged = true
        }
    }

    var entries: [AgentID: Entry] = [:]
    /// Which long-term memory is here, and which is left to the recorder.
    var residence: MemoryResidence
    /// The generation of agents that come in now; never the same for two lives of one agent.
    var generation: UInt64 = 0
    private var withInbox: Set<AgentID> = []
    /// Agents whose consolidation of the open round is applied already.
    private var consolidated: Set<AgentID> = []
    let updater: StateUpdater

    /// A table of agents as they were before round 1. Above `memoryBytes` of long-term memory, about, it leaves to the
    /// recorder what snapshots hold. Where it never `forgets`, long-term memories are all that they ever got.
    public init(assets: SimulationAssets, memoryBytes: Int = .max, forgets: Bool = true) {
        residence = MemoryResidence(limit: memoryBytes)
        var updater = StateUpdater(assets)
        if !forgets { updater.memory.longLimit = 0 }
        self.updater = updater
    }

    /// The agent's state.
    public func state(of agent: AgentID) -> AgentState { entries[agent]?.state ?? AgentState() }

    // MARK: - Changes

    /// Applies a committed consolidation at once: the agent's other turns of this round see it.
    public mutating func apply(
        consolidationBy agent: AgentID, _ result: Consolidation, vector: (String) -> FixedVector?
    ) {
        guard consolidated.insert(agent).inserted else { return }
        apply(.consolidate(result), to: agent, vector: vector)
    }

    /// Applies the consolidations of a committed tree at once.
    public mutating func applyConsolidations(of tree: Tree, vector: (String) -> FixedVector?) {
        for (_, targeted) in tree.orderedOperations {
            if case .consolidate(let result) = targeted.operation {
                apply(consolidationBy: targeted.target, result, vector: vector)
            }
        }
    }

    private mutating func apply(
        _ operation: Model.Operation, to agent: AgentID, vector: (String) -> FixedVector?
    ) {
        let updater = updater
        func update(_ entry: inout Entry) -> Int {
            let before = entry.state.memory.longBytes
            entry.noteForgotten(updater.apply(operation, to: &entry.state, of: agent, vector: vector))
            entry.isChanged = true
            return entry.state.memory.longBytes - before
        }
        let fresh = Entry(generation: generation)
        let grown = update(&entries[agent, default: fresh])
        residence.bytes += grown
    }

    // MARK: - The merge of a round

    /// Ends a round for all agents: what was delivered before is gone. A head that already holds the end of `round`
    /// stays as it is.
    public mutating func beginMerge(_ round: UInt32) { beginMerge(round, of: Array(withInbox)) }

    /// The same for some agents. It looks at no others: partitions are merged one by one.
    public mutating func beginMerge(_ round: UInt32, of agents: some Sequence<AgentID>) {
        for agent in agents where withInbox.contains(agent) && !isAhead(agent, round) {
            entries[agent]?.state.inbox = []
            entries[agent]?.isChanged = true
            withInbox.remove(agent)
        }
    }

    /// Applies one operation of the merge of `round`, unless the agent's head holds it already. A consolidation that
    /// took effect when it committed is not applied again.
    public mutating func merge(
        _ operation: Model.Operation, target: AgentID, round: UInt32, vector: (String) -> FixedVector?
    ) {
        guard !isAhead(target, round) else { return }
        switch operation {
        case .consolidate(let result):
            apply(consolidationBy: target, result, vector: vector)
            return
        case .message, .claimResult: withInbox.insert(target)
        default: break
        }
        apply(operation, to: target, vector: vector)
    }

    /// Ends the merge for all agents: the next round may consolidate again.
    public mutating func endMerge() { consolidated = [] }

    /// The same for some agents.
    public mutating func endMerge(of agents: some Sequence<AgentID>) {
        for agent in agents { consolidated.remove(agent) }
    }

    private func isAhead(_ agent: AgentID, _ round: UInt32) -> Bool { (entries[agent]?.headRound ?? 0) >= round }

    // MARK: - Partitions that come and go

    /// Takes over an agent from its head as of the end of `round`. Throws where the bytes are no head.
    public mutating func install(head: [UInt8], of agent: AgentID, round: UInt32) throws {
        let (state, chain) = try AgentState.restored(head: head)
        residence.bytes -= entries[agent]?.state.memory.longBytes ?? 0
        generation += 1
        entries[agent] = Entry(state: state, saved: chain, headRound: round, generation: generation)
        if !state.inbox.isEmpty { withInbox.insert(agent) }
    }

    /// Takes over the agents of another table, which has none that this one has.
    public mutating func absorb(_ other: AgentTable) {
        generation += 1
        for (agent, var entry) in other.entries {
            entry.generation = generation
            entry.isListed = false
            let old = entries.updateValue(entry, forKey: agent)
            residence.bytes += entry.state.memory.longBytes - (old?.state.memory.longBytes ?? 0)
            list(agent)
        }
        withInbox.formUnion(other.withInbox)
        consolidated.formUnion(other.consolidated)
    }

    /// Drops agents: their partition went to another host.
    public mutating func drop(_ agents: some Sequence<AgentID>) {
        generation += 1
        for agent in agents {
            residence.bytes -= entries[agent]?.state.memory.longBytes ?? 0
            entries[agent] = nil
            withInbox.remove(agent)
            consolidated.remove(agent)
        }
    }
}
