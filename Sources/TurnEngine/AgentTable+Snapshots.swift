import Model
import SimulationKit

/// An agent that has changed since its last snapshot: a copy that shares its texts and vectors with the table.
public struct AgentChange: Sendable {
    /// The agent.
    public let agent: AgentID
    /// The agent as of the end of the captured round.
    public let state: AgentState
    /// The agent's life in the table that it was captured in.
    let generation: UInt64

    /// What a snapshot has to add to what earlier ones hold: the entries of long-term memory behind `saved`, and the
    /// chain up to the last of them. Nil where `saved` does not fit the state.
    public func additions(to saved: MemoryChain) -> (entries: ArraySlice<MemoryState.LongEntry>, known: Int)? {
        let known = Int(saved.count) - state.memory.archived
        guard known >= 0, known <= state.memory.long.count else { return nil }
        return (state.memory.long[known...], Int(saved.count))
    }
}

extension AgentTable {
    /// Captures those of `agents` that have changed since the last capture, and those in `again`, whose last capture
    /// came to nothing. Quick: it copies no text, vector or list.
    public mutating func takeChanges(of agents: some Sequence<AgentID>, again: Set<AgentID> = []) -> [AgentChange] {
        var changes: [AgentChange] = []
        for agent in agents {
            guard let index = entries.index(forKey: agent) else { continue }
            guard entries.values[index].isChanged || again.contains(agent) else { continue }
            entries.values[index].isChanged = false
            changes.append(
                AgentChange(
                    agent: agent, state: entries.values[index].state, generation: entries.values[index].generation))
        }
        return changes
    }

    /// What snapshots hold of the long-term memory that a change builds on. Nil where the agent was loaded anew or
    /// rebuilt since it was captured: what is known now is of another life of it.
    public func saved(for change: AgentChange) -> MemoryChain? {
        guard let entry = entries[change.agent], entry.generation == change.generation else { return nil }
        return entry.saved
    }

    /// Notes what snapshots hold by now, unless it was captured in another life of the agent.
    public mutating func note(saved: MemoryChain, for change: AgentChange) {
        guard let index = entries.index(forKey: change.agent), entries.values[index].generation == change.generation,
            entries.values[index].saved.count <= saved.count
        else { return }
        entries.values[index].saved = saved
        list(change.agent)
    }

    /// Has the next capture take an agent that this one could not.
    public mutating func captureAgain(_ agent: AgentID) { entries[agent]?.isChanged = true }

    /// Number of entries of an agent's long-term memory that have to be fetched before a turn of it runs.
    public func archivedEntries(of agent: AgentID) -> Int { entries[agent]?.state.memory.archived ?? 0 }

    /// Puts an agent's archived entries back. False, and nothing changes, where they are not the ones that its head
    /// stands for. Entries that are here already stay as they are: true.
    public mutating func restore(_ prefix: [MemoryState.LongEntry], of agent: AgentID) -> Bool {
        guard let index = entries.index(forKey: agent) else { return true }
        let memory = entries.values[index].state.memory
        guard memory.archived > 0 else { return true }
        guard prefix.count == memory.archived else { return false }
        var chain = MemoryChain()
        chain.append(contentsOf: prefix)
        let saved = entries.values[index].saved
        // Snapshots since then may hold some of the entries that are here.
        guard saved.count >= chain.count, Int(saved.count) <= memory.longCount else { return false }
        chain.append(contentsOf: memory.long.prefix(Int(saved.count) - prefix.count))
        guard chain == saved else { return false }
        restore(prefix, at: index)
        return true
    }

    /// Puts an agent's archived entries back as the journal tells them, and has the next snapshot write all anew.
    public mutating func rebuild(_ prefix: [MemoryState.LongEntry], of agent: AgentID) {
        guard let index = entries.index(forKey: agent), entries.values[index].state.memory.archived == prefix.count
        else { return }
        restore(prefix, at: index)
        generation += 1
        entries.values[index].generation = generation
        entries.values[index].isListed = false
        entries.values[index].saved = MemoryChain()
        entries.values[index].isChanged = true
    }

    private mutating func restore(_ prefix: [MemoryState.LongEntry], at index: Dictionary<AgentID, Entry>.Index) {
        let before = entries.values[index].state.memory.longBytes
        entries.values[index].state.memory.restore(prefix)
        residence.bytes += entries.values[index].state.memory.longBytes - before
        list(entries.keys[index])
    }
}
