import Model
import ServiceRuntime
import SimulationKit
import TurnEngine
import Vectors
import Wire

/// A snapshot that is not what was written. Nothing of it is used.
struct SnapshotDamage: Error {
    /// What is wrong, for the log.
    var reason: String
}

/// Reads snapshots from the recorder.
struct SnapshotReading: Sendable {
    let recorder: WireClient
    let retry: ServiceRetry
    /// Components of the run's vectors.
    let dimension: Int

    /// Installs the heads of a partition's snapshot and gives the round after which operations are missing. Throws
    /// `SnapshotDamage` when any head is not what it should be.
    func read(
        _ lease: Lease, into empty: AgentTable, isMember: (AgentID) -> Bool
    ) async throws -> (table: AgentTable, round: UInt32) {
        var table = empty
        var after: AgentID?
        // A snapshot may become newer between two pages. What was read before is as of the round that it had then;
        // heads that are newer say so themselves.
        var begun: UInt32?
        while true {
            let question = LoadSnapshot(partition: lease.partition, epoch: lease.epoch, after: after)
            let page: SnapshotPage = try await ask(question)
            let round = begun ?? page.round
            begun = round
            for head in page.agents {
                guard isMember(head.agent), head.agent.number > after?.number ?? 0 || after == nil else {
                    throw SnapshotDamage(reason: "heads of other agents, or out of order")
                }
                do { try table.install(head: head.head, of: head.agent, round: head.round) } catch {
                    throw SnapshotDamage(reason: "a head cannot be read: \(error)")
                }
                after = head.agent
            }
            guard page.more, !page.agents.isEmpty else { return (table, round) }
        }
    }

    /// The environment's head in the newest snapshot, with the round as of whose end it is; nil where it never changed.
    /// Any host may read it.
    func environment(_ partition: UInt32) async throws -> (state: AgentState, round: UInt32)? {
        let page: SnapshotPage = try await ask(LoadSnapshot(partition: partition, epoch: nil, after: nil))
        guard let head = page.agents.first else { return nil }
        guard head.agent == .environment, page.agents.count == 1 else {
            throw SnapshotDamage(reason: "heads of other agents")
        }
        do { return (try AgentState.restored(head: head.head).state, head.round) } catch {
            throw SnapshotDamage(reason: "a head cannot be read: \(error)")
        }
    }

    /// The first `count` entries of an agent's long-term memory.
    func memory(
        of agent: AgentID, _ partition: UInt32, epoch: UInt64, count: Int
    ) async throws -> [MemoryState.LongEntry] {
        var entries: [MemoryState.LongEntry] = []
        while entries.count < count {
            let question = FetchMemory(
                partition: partition, epoch: epoch, agent: agent, offset: UInt32(entries.count), count: UInt32(count))
            let page: AgentMemory = try await ask(question)
            for entry in page.entries {
                do {
                    let vector = entry.vector.isEmpty ? nil : try FixedVector(bytes: entry.vector, dimension: dimension)
                    entries.append(
                        MemoryState.LongEntry(
                            text: entry.text, time: entry.time, importance: entry.importance, vector: vector))
                } catch {
                    throw SnapshotDamage(reason: "a vector cannot be read")
                }
            }
            guard !page.entries.isEmpty else { break }
        }
        guard entries.count == count else { throw SnapshotDamage(reason: "memories are missing") }
        return entries
    }

    /// Asks until there is an answer; what the recorder says of a damaged snapshot is no reason to stop the run.
    private func ask<Reply: WireMessage>(_ question: some WireMessage) async throws -> Reply {
        let answer: Result<Reply, SnapshotDamage> = try await retry.patiently {
            do {
                return .success(try await self.recorder.request(question, expecting: Reply.self))
            } catch let problem as Problem where problem.code == .conflict {
                return .failure(SnapshotDamage(reason: problem.what))
            }
        }
        return try answer.get()
    }
}
