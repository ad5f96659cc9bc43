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
    /// What snapshots held of its long-term memory then, and which of its editions they were adding to.
    let saved: MemoryChain
    let edition: UInt32

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
                    agent: agent, state: entries.values[index].state, generation: entries.values[index].generation,
                    saved: entries.values[index].saved, edition: entries.values[index].edition))
        }
        return changes
    }

    /// What snapshots hold of the long-term memory that a change builds on. Nil where the agent was loaded anew or
    /// rebuilt since it was captured: what is known now is of another life of it. Where it has only forgotten something
    /// since, the change goes on behind what snapshots held when it was captured.
    public func saved(for change: AgentChange) -> MemoryChain? {
        guard let entry = entries[change.agent], entry.generation == change.generation else { return nil }
        return entry.edition == change.edition ? entry.saved : change.saved
    }

    /// Notes what snapshots hold by now, unless it was captured in another life of the agent, or before it forgot.
    public mutating func note(saved: MemoryChain, for change: AgentChange) {
        guard let index = entries.index(forKey: change.agent), entries.values[index].generation == change.generation,
            entries.values[index].edition == change.edition, entries.values[index].saved.count <= saved.count
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
        let saved = entries.values[index].saved
        var chain = MemoryChain(forgotten: saved.forgotten)
        chain.append(contentsOf: prefix)
        // Snapshots since then may hold some of the entries that are here.
        guard saved.count >= chain.count, Int(saved.count) <= memory.longCount else { return false }
        chain.append(contentsOf: memory.long.prefix(Int(saved.count) - prefix.count))
        guard chain == saved else { return false }
        restore(prefix, at: index)
        return true
    }

    /// Number of entries that an agent's long-term memory had got in all when its archived ones were all of it; 0 where
    /// none is archived.
    public func journalEntries(of agent: AgentID) -> Int {
        guard let entry = entries[agent], entry.state.memory.archived > 0 else { return 0 }
        return Int(entry.saved.forgotten) + entry.state.memory.archived
    }

    /// Puts an agent's memory back as the journal tells it, by the first `journalEntries` that it ever got, and has the
    /// next snapshot write all anew.
    public mutating func rebuild(_ journal: [MemoryState.LongEntry], of agent: AgentID) {
        let count = journalEntries(of: agent)
        guard count > 0, journal.count == count, let index = entries.index(forKey: agent) else { return }
        let forgotten = restore(journal, at: index)
        generation += 1
        entries.values[index].generation = generation
        entries.values[index].isListed = false
        entries.values[index].saved = MemoryChain(forgotten: UInt32(clamping: forgotten))
        entries.values[index].isChanged = true
    }

    /// Gives how many entries were forgotten on the way.
    @discardableResult private mutating func restore(
        _ prefix: [MemoryState.LongEntry], at index: Dictionary<AgentID, Entry>.Index
    ) -> Int {
        let before = entries.values[index].state.memory.longBytes
        let forgotten = entries.values[index].state.memory.restore(prefix, settings: updater.memory)
        entries.values[index].noteForgotten(forgotten)
        residence.bytes += entries.values[index].state.memory.longBytes - before
        list(entries.keys[index])
        return forgotten
    }
}
