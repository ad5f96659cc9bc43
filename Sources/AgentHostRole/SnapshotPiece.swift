import Model
import SimulationKit
import TurnEngine
import Wire

/// A piece of a snapshot, ready to be sent.
struct SnapshotPiece {
    /// What it says of each agent.
    private(set) var agents: [AgentSnapshot] = []
    /// What snapshots hold of their long-term memory once the piece is durable.
    private(set) var saved: [(agent: AgentID, chain: MemoryChain)] = []
    /// Number of changes that it stands for.
    private(set) var taken = 0

    /// Packs changes from the first on until there are `maxBytes` of them, about. `known` tells what snapshots hold of
    /// an agent already; an agent that was loaded anew meanwhile is passed over.
    init(_ changes: some Sequence<AgentChange>, maxBytes: Int, known: (AgentID) -> MemoryChain) {
        var bytes = 0
        for change in changes {
            guard bytes < maxBytes else { return }
            taken += 1
            var chain = known(change.agent)
            guard let (new, archived) = change.additions(to: chain) else { continue }
            var entries: [ArchivedMemory] = []
            entries.reserveCapacity(new.count)
            for entry in new {
                let text = contentHash(entry.text)
                chain.append(entry, text: text)
                entries.append(
                    ArchivedMemory(
                        text: text, time: entry.time, importance: entry.importance, hasVector: entry.vector != nil))
            }
            let head = change.state.packedHead(chain)
            agents.append(
                AgentSnapshot(agent: change.agent, head: head, archived: UInt32(archived), entries: entries))
            saved.append((change.agent, chain))
            bytes += head.count + entries.count * 32 + 16
        }
    }
}
