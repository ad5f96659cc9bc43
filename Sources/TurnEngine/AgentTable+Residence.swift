import Model
import SimulationKit

/// Which agents' long-term memory is here. It only ever grows, and an agent needs it for the length of a turn: above
/// the table's limit that of agents whose turns are longest ago is left to the recorder, as far as snapshots hold it.
extension AgentTable {
    /// Bytes of long-term memory that are here, about.
    public var memoryBytes: Int { residence.bytes }

    /// The agent with all of its memory, which counts as a use; nil where some of it is archived.
    public mutating func whole(_ agent: AgentID) -> AgentState? {
        guard let index = entries.index(forKey: agent) else { return AgentState() }
        guard entries.values[index].state.memory.archived == 0 else { return nil }
        residence.uses += 1
        entries.values[index].used = residence.uses
        return entries.values[index].state
    }

    /// Somebody waits for the agent in full. What is restored stays until `endWait`.
    public mutating func beginWait(for agent: AgentID) { residence.awaited[agent, default: 0] += 1 }

    /// Whoever waited has got the agent, or given up.
    public mutating func endWait(for agent: AgentID) {
        let left = (residence.awaited[agent] ?? 0) - 1
        residence.awaited[agent] = left > 0 ? left : nil
        list(agent)
    }

    /// The agent's memory is not left to the recorder again: what came back from there was not what had been left.
    public mutating func keep(_ agent: AgentID) { entries[agent]?.isKept = true }

    /// Leaves memory to the recorder where there is more than the limit. Call it when memory came back.
    ///
    /// It looks at `most` agents at the most, since those that had turns since they got their place are only put back,
    /// and that may be all of them. True where it ended for that reason: the next call goes on from there.
    @discardableResult public mutating func archive(lookingAt most: Int = 1_024) -> Bool {
        guard residence.isUnderWay || residence.bytes > residence.threshold else { return false }
        let end = residence.queue.taken + most
        while residence.bytes > residence.goal {
            guard residence.queue.taken < end else {
                residence.isUnderWay = true
                return true
            }
            guard let place = residence.queue.takeFirst() else { break }
            guard let index = entries.index(forKey: place.agent),
                entries.values[index].generation == place.generation
            else { continue }
            entries.values[index].isListed = false
            // A turn has needed it since.
            guard entries.values[index].used == place.used else {
                list(place.agent)
                continue
            }
            guard canArchive(place.agent, entries.values[index]) else { continue }
            let before = entries.values[index].state.memory.longBytes
            entries.values[index].state.memory.archive(Int(entries.values[index].saved.count))
            residence.bytes -= before - entries.values[index].state.memory.longBytes
        }
        residence.isUnderWay = false
        residence.settle()
        return false
    }

    /// Gives an agent a place in the order, if any of its memory can go. To be called whenever that may have become so.
    mutating func list(_ agent: AgentID) {
        guard residence.limit < .max, let index = entries.index(forKey: agent) else { return }
        guard !entries.values[index].isListed, canArchive(agent, entries.values[index]) else { return }
        entries.values[index].isListed = true
        residence.queue.insert(
            ArchiveQueue.Place(
                used: entries.values[index].used, agent: agent, generation: entries.values[index].generation))
        // Places of agents that went to another host stay until they are taken.
        guard residence.queue.count > 2 * entries.count + 64 else { return }
        let entries = entries
        residence.queue.keep { entries[$0.agent]?.generation == $0.generation }
    }

    private func canArchive(_ agent: AgentID, _ entry: Entry) -> Bool {
        let saved = Int(entry.saved.count)
        return saved > entry.state.memory.archived && saved <= entry.state.memory.longCount && !entry.isKept
            && residence.awaited[agent] == nil
    }

    /// The same after a snapshot, which holds more than the one before: the whole limit counts again.
    @discardableResult public mutating func archiveSaved(lookingAt most: Int = 1_024) -> Bool {
        residence.reconsider()
        return archive(lookingAt: most)
    }
}
