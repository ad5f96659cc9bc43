import GRDB
import Hashing
import Model

/// Gives snapshots out again, page by page. What is damaged is refused as a conflict and ends nothing: everything in a
/// snapshot follows from the journal as well.
final class SnapshotReader {
    /// A page is full at so many bytes.
    static let pageBytes = 4 << 20

    private let damaged: DamagedSnapshots
    private let manifest: SQLStatement
    private let checks: SQLStatement
    private let heads: SQLStatement
    private let memories: SQLStatement
    private let segment: SQLStatement
    private let vectors: SQLStatement

    init(_ database: Database, _ damaged: DamagedSnapshots) throws {
        self.damaged = damaged
        manifest = try SQLStatement(
            database, "SELECT \(SnapshotFormat.manifestColumns) FROM snapshots WHERE partition = ?")
        checks = try SQLStatement(database, "SELECT \"check\" FROM snapshot_heads WHERE partition = ?")
        heads = try SQLStatement(
            database,
            """
            SELECT \(SnapshotFormat.headColumns) FROM snapshot_heads WHERE partition = ? AND agent > ? ORDER BY agent
            """)
        memories = try SQLStatement(
            database,
            "SELECT n, entries FROM snapshot_memories WHERE partition = ? AND agent = ? ORDER BY n")
        segment = try SQLStatement(database, "SELECT text FROM segments WHERE id = ?")
        vectors = try SQLStatement(database, "SELECT vector FROM vectors WHERE id = ? AND segment = ?")
    }

    /// Heads of a partition after `agent`. The first page is given only if no head is missing on any. No lease is
    /// needed to read them without an epoch.
    func heads(
        _ partition: UInt32, epoch: UInt64?, after agent: AgentID?, _ cursor: RunCursor
    ) throws -> SnapshotHeads {
        if let epoch { try cursor.requireLease(partition, epoch: epoch) }
        do { return try page(partition, after: agent, cursor) } catch let refusal as RecordRefusal {
            damaged.refuse(partition)
            throw refusal
        }
    }

    private func page(_ partition: UInt32, after agent: AgentID?, _ cursor: RunCursor) throws -> SnapshotHeads {
        manifest.bind(1, Int64(partition))
        let known = try manifest.first { SnapshotFormat.manifest($0, partition: partition) }
        guard let known = known ?? SnapshotFormat.Manifest(partition: partition), known.round <= cursor.closedRound
        else { throw SnapshotReader.damaged("the row of partition \(partition) is not what was written") }
        if agent == nil {
            checks.bind(1, Int64(partition))
            guard try SnapshotFormat.headSum(checks) == known.heads else {
                throw SnapshotReader.damaged("the heads of partition \(partition) are not those that were written")
            }
        }
        var page = SnapshotHeads(round: known.round, heads: [], more: false)
        var bytes = 0
        heads.bind(1, Int64(partition))
        heads.bind(2, agent.map { Int64($0.number) } ?? -1)
        defer { heads.reset() }
        while try heads.step() {
            guard bytes < Self.pageBytes else {
                page.more = true
                break
            }
            guard let head = SnapshotFormat.head(heads, partition: partition), head.round <= cursor.closedRound else {
                throw SnapshotReader.damaged("the head of agent #\(heads.int(0)) does not have its check value")
            }
            page.heads.append(SnapshotHeads.Head(agent: head.agent, round: head.round, head: head.head))
            bytes += head.head.count + 16
        }
        return page
    }

    /// Entries of an agent's long-term memory from the one numbered `offset` on, of the first `count`.
    func memories(
        _ partition: UInt32, epoch: UInt64, agent: AgentID, offset: UInt32, count: UInt32, _ cursor: RunCursor
    ) throws -> SnapshotMemories {
        try cursor.requireLease(partition, epoch: epoch)
        var page = SnapshotMemories(entries: [], more: false)
        var bytes = 0
        for entry in try rows(partition, agent).prefix(Int(count)).dropFirst(Int(offset)) {
            guard bytes < Self.pageBytes else {
                page.more = true
                return page
            }
            let text = try text(entry.segment)
            let vector = entry.vector == 0 ? [] : try vector(entry.vector, of: entry.segment)
            page.entries.append(
                SnapshotMemories.Entry(
                    text: text, time: entry.time, importance: entry.importance, vector: vector))
            bytes += text.utf8.count + vector.count + 16
        }
        guard Int(offset) + page.entries.count >= Int(count) else {
            throw SnapshotReader.damaged("agent \(agent) lacks memories in its snapshot")
        }
        return page
    }

    private func rows(_ partition: UInt32, _ agent: AgentID) throws -> [SnapshotFormat.Memory] {
        memories.bind(1, Int64(partition))
        memories.bind(2, Int64(agent.number))
        defer { memories.reset() }
        var all: [SnapshotFormat.Memory] = []
        while try memories.step() {
            guard memories.int(0) == Int64(all.count), let entries = SnapshotFormat.memories(memories.blob(1)) else {
                throw SnapshotReader.damaged("memories of agent \(agent) cannot be read")
            }
            all += entries
        }
        return all
    }

    private func text(_ id: Int64) throws -> String {
        segment.bind(1, id)
        guard let text = try segment.first({ $0.text(0) }) else {
            throw SnapshotReader.damaged("segment \(id) is missing")
        }
        return text
    }

    private func vector(_ id: Int64, of segment: Int64) throws -> [UInt8] {
        vectors.bind(1, id)
        vectors.bind(2, segment)
        guard let vector = try vectors.first({ $0.blob(0) }) else {
            throw SnapshotReader.damaged("segment \(segment) has no vector \(id)")
        }
        return vector
    }

    private static func damaged(_ what: String) -> RecordRefusal {
        RecordRefusal(.conflict, "a snapshot is damaged: \(what)", advice: "load the partition from the journal")
    }
}
