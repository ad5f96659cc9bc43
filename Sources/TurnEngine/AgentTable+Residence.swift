import Model
import SimulationKit

/// Which agents' long-term memory is here. It only ever grows, and an agent needs it for the length of a turn: above the
/// table's limit that of agents whose turns are longest ago is left to the recorder, as far as snapshots hold it.
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
    }

    /// The agent's memory is not left to the recorder again: what came back from there was not what had been left.
    public mutating func keep(_ agent: AgentID) { entries[agent]?.isKept = true }

    /// Leaves memory to the recorder where there is more than the limit. Call it when memory came back.
    public mutating func archive() {
        guard residence.bytes > residence.threshold else { return }
        let candidates = entries.filter { agent, entry in
            Int(entry.saved.count) > entry.state.memory.archived && !entry.isKept && residence.awaited[agent] == nil
        }
        let ordered = candidates.sorted {
            ($0.value.used, $0.key.number) < ($1.value.used, $1.key.number)
        }
        for (agent, entry) in ordered where residence.bytes > residence.goal {
            // What snapshots hold of an agent that was loaded anew meanwhile may be more than is here.
            guard Int(entry.saved.count) <= entry.state.memory.longCount else { continue }
            entries[agent]?.state.memory.archive(Int(entry.saved.count))
            residence.bytes -= entry.state.memory.longBytes - (entries[agent]?.state.memory.longBytes ?? 0)
        }
        residence.settle()
    }

    /// The same after a snapshot, which holds more than the one before.
    public mutating func archiveSaved() {
        residence.reconsider()
        archive()
    }
}
