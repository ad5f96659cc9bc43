import GRDB
import Hashing
import Model

/// Writes pieces of snapshots. A head takes the place of the agent's last; entries of long-term memory are added behind
/// those that are there.
final class SnapshotTables {
    private let segments: SegmentTable
    private let findHead: SQLStatement
    private let setHead: SQLStatement
    private let addMemories: SQLStatement
    private let removeMemories: SQLStatement
    private let findSnapshot: SQLStatement
    private let setSnapshot: SQLStatement

    init(_ database: Database, _ segments: SegmentTable) throws {
        self.segments = segments
        findHead = try SQLStatement(
            database, "SELECT \(SnapshotFormat.headColumns) FROM snapshot_heads WHERE partition = ? AND agent = ?")
        setHead = try SQLStatement(
            database,
            """
            INSERT OR REPLACE INTO snapshot_heads (partition, agent, round, memories, chain, "check", head)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """)
        addMemories = try SQLStatement(
            database, "INSERT OR REPLACE INTO snapshot_memories (partition, agent, n, entries) VALUES (?, ?, ?, ?)")
        removeMemories = try SQLStatement(
            database, "DELETE FROM snapshot_memories WHERE partition = ? AND agent = ?")
        findSnapshot = try SQLStatement(database, "SELECT round, \"check\" FROM snapshots WHERE partition = ?")
        setSnapshot = try SQLStatement(
            database, "INSERT OR REPLACE INTO snapshots (partition, round, \"check\") VALUES (?, ?, ?)")
    }

    /// An agent's change, ready to be written.
    private struct Change {
        var agent: SnapshotPiece.Agent
        var entries: [SnapshotFormat.Memory]
        var chain: Digest128
        /// Whether what is there of the agent's memories has to go.
        var startsAnew: Bool
    }

    /// Writes a piece. What an agent's head of that round or a later one holds already is passed over, so that a piece
    /// given twice changes nothing. Everything is checked before anything is written.
    func write(_ piece: SnapshotPiece, _ cursor: RunCursor) throws {
        _ = try cursor.requireRun()
        try cursor.requireLease(piece.partition, epoch: piece.epoch)
        guard piece.round >= 1, piece.round <= cursor.closedRound else {
            throw RecordRefusal(.invalid, "a snapshot of round \(piece.round) came, which is not closed")
        }
        var changes: [Change] = []
        changes.reserveCapacity(piece.agents.count)
        var last: UInt32?
        for agent in piece.agents {
            guard cursor.partition(of: agent.agent) == piece.partition, last.map({ $0 < agent.agent.number }) ?? true
            else {
                throw RecordRefusal(
                    .invalid, "a snapshot of partition \(piece.partition) names other agents, or out of order")
            }
            last = agent.agent.number
            if let change = try change(agent, of: piece) { changes.append(change) }
        }
        for change in changes { try write(change, of: piece) }
        if piece.isLast { try complete(piece) }
    }

    /// Nil where the agent's head is as new already.
    private func change(_ agent: SnapshotPiece.Agent, of piece: SnapshotPiece) throws -> Change? {
        findHead.bind(1, Int64(piece.partition))
        findHead.bind(2, Int64(agent.agent.number))
        let known = try findHead.first { row in
            (
                round: row.int(1), memories: row.int(2), chain: Digest128(row.bytes(3)),
                // Whoever sends the whole agent anew may have found its head damaged: then it is mended.
                isWhole: row.int(1) < Int64(piece.round) || agent.archived > 0
                    || SnapshotFormat.head(row, partition: piece.partition) != nil
            )
        }
        if let known, known.isWhole, known.round >= Int64(piece.round) { return nil }
        guard agent.archived == 0 || known?.memories == Int64(agent.archived) else {
            throw RecordRefusal(
                .invalid,
                "agent \(agent.agent) goes on behind \(agent.archived) memories, its snapshot has "
                    + "\(known?.memories ?? 0)")
        }
        let entries = try agent.entries.map { entry in
            guard let segment = try segments.id(of: entry.text), entry.importance <= 10 else {
                throw RecordRefusal(.invalid, "a memory of agent \(agent.agent) has a text that is not recorded")
            }
            return SnapshotFormat.Memory(
                segment: segment, time: entry.time, importance: entry.importance, hasVector: entry.hasVector)
        }
        let startsAnew = agent.archived == 0
        return Change(
            agent: agent, entries: entries,
            chain: (startsAnew ? nil : known?.chain) ?? SnapshotFormat.emptyChain,
            startsAnew: startsAnew && known != nil)
    }

    private func write(_ change: Change, of piece: SnapshotPiece) throws {
        let number = Int64(change.agent.agent.number)
        var chain = change.chain
        if change.startsAnew {
            removeMemories.bind(1, Int64(piece.partition))
            removeMemories.bind(2, number)
            try removeMemories.run()
        }
        if !change.entries.isEmpty {
            let packed = SnapshotFormat.packed(change.entries)
            chain = SnapshotFormat.chain(chain, first: change.agent.archived, packed)
            addMemories.bind(1, Int64(piece.partition))
            addMemories.bind(2, number)
            addMemories.bind(3, Int64(change.agent.archived))
            addMemories.bind(4, packed)
            try addMemories.run()
        }
        let head = SnapshotFormat.Head(
            partition: piece.partition, agent: change.agent.agent, round: piece.round,
            memories: change.agent.archived + UInt32(change.entries.count), chain: chain, head: change.agent.head)
        setHead.bind(1, Int64(head.partition))
        setHead.bind(2, number)
        setHead.bind(3, Int64(head.round))
        setHead.bind(4, Int64(head.memories))
        setHead.bind(5, head.chain)
        setHead.bind(6, head.check)
        setHead.bind(7, head.head)
        try setHead.run()
    }

    private func complete(_ piece: SnapshotPiece) throws {
        findSnapshot.bind(1, Int64(piece.partition))
        // A damaged row counts as none, so that the next snapshot mends it.
        let known = try findSnapshot.first { SnapshotFormat.round($0, partition: piece.partition) }
        if let round = known ?? nil, round >= piece.round { return }
        setSnapshot.bind(1, Int64(piece.partition))
        setSnapshot.bind(2, Int64(piece.round))
        setSnapshot.bind(3, SnapshotFormat.check(partition: piece.partition, round: piece.round))
        try setSnapshot.run()
    }
}
