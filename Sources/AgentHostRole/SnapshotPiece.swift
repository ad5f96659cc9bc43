import Model
import SimulationKit
import TurnEngine
import Wire

/// A piece of a snapshot, ready to be sent.
struct SnapshotPiece {
    /// What it says of each agent.
    private(set) var agents: [AgentSnapshot] = []
    /// What snapshots hold of their long-term memory once the piece is durable.
    private(set) var saved: [(change: AgentChange, chain: MemoryChain)] = []
    /// Agents that it should hold but does not: their snapshot is not what their captured state builds on any more.
    private(set) var skipped: [AgentID] = []
    /// Number of changes that it stands for, skipped ones included.
    private(set) var taken = 0

    /// Packs changes from the first on until there are `maxBytes` of them, about. `known` tells what snapshots hold of
    /// the agent of a change already, nil where it was rebuilt meanwhile.
    init(_ changes: some Sequence<AgentChange>, maxBytes: Int, known: (AgentChange) -> MemoryChain?) {
        var bytes = 0
        for change in changes {
            guard bytes < maxBytes else { return }
            taken += 1
            guard var chain = known(change), let (new, archived) = change.additions(to: chain) else {
                skipped.append(change.agent)
                continue
            }
            var entries: [ArchivedMemory] = []
            entries.reserveCapacity(new.count)
            for entry in new {
                let text = contentHash(entry.text)
                chain.append(entry, text: text)
                entries.append(
                    ArchivedMemory(
                        text: text, time: entry.time, importance: entry.importance, vector: entry.vector?.checksum))
            }
            let head = change.state.packedHead(chain)
            agents.append(
                AgentSnapshot(agent: change.agent, head: head, archived: UInt32(archived), entries: entries))
            saved.append((change, chain))
            bytes += head.count + entries.count * 32 + 16
        }
    }
}
