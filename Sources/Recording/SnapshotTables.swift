import GRDB
import Hashing
import Model
import Vectors

/// Writes pieces of snapshots. A head takes the place of the agent's last; entries of long-term memory are added behind
/// those that are there.
final class SnapshotTables {
    private let segments: SegmentTable
    private let damaged: DamagedSnapshots
    private let findHead: SQLStatement
    private let setHead: SQLStatement
    private let addMemories: SQLStatement
    private let removeMemories: SQLStatement
    private let findMemories: SQLStatement
    private let findVectors: SQLStatement
    private let findManifest: SQLStatement
    private let setManifest: SQLStatement
    private let removal: [SQLStatement]

    init(_ database: Database, _ segments: SegmentTable, _ damaged: DamagedSnapshots) throws {
        self.segments = segments
        self.damaged = damaged
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
            database, "DELETE FROM snapshot_memories WHERE partition = ? AND agent = ? AND n >= ?")
        findMemories = try SQLStatement(
            database, "SELECT n, entries FROM snapshot_memories WHERE partition = ? AND agent = ? AND n < ? ORDER BY n")
        findVectors = try SQLStatement(database, "SELECT id, vector FROM vectors WHERE segment = ? ORDER BY id")
        findManifest = try SQLStatement(
            database, "SELECT \(SnapshotFormat.manifestColumns) FROM snapshots WHERE partition = ?")
        setManifest = try SQLStatement(
            database,
            "INSERT OR REPLACE INTO snapshots (partition, \(SnapshotFormat.manifestColumns)) VALUES (?, ?, ?, ?, ?)")
        removal = try ["snapshots", "snapshot_heads", "snapshot_memories"].map { table in
            try SQLStatement(database, "DELETE FROM \(table) WHERE partition = ?")
        }
    }

    /// An agent's change, ready to be written.
    private struct Change {
        var agent: SnapshotPiece.Agent
        var entries: [SnapshotFormat.Memory]
        var chain: Digest128
        /// The check value of the head whose place it takes.
        var replaced: Digest128?
        /// Whether memories that are there from `agent.archived` on have to go.
        var takesPlace: Bool
    }

    /// Writes a piece. What an agent's head of that round or a later one holds already is passed over, so that a piece
    /// given twice changes nothing. Everything is checked before anything is written.
    func write(_ piece: SnapshotPiece, _ cursor: RunCursor) throws {
        _ = try cursor.requireRun()
        try cursor.requireLease(piece.partition, epoch: piece.epoch)
        guard piece.round >= 1, piece.round <= cursor.closedRound else {
            throw RecordRefusal(.invalid, "a snapshot of round \(piece.round) came, which is not closed")
        }
        let isStart = damaged.isStart(piece)
        guard isStart || !damaged.partitions.contains(piece.partition) else {
            throw RecordRefusal(
                .conflict, "a snapshot of partition \(piece.partition) goes on behind one that is damaged",
                advice: "load the partition from the journal")
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
            if let change = try change(agent, of: piece, cursor, isAlone: isStart) { changes.append(change) }
        }
        if isStart { try remove(piece.partition) }
        var manifest = try manifest(piece.partition)
        for change in changes {
            let check = try write(change, of: piece)
            if let replaced = change.replaced { manifest?.heads.remove(replaced) }
            manifest?.heads.add(check)
        }
        // A manifest that is damaged stays so: what it stood for is not known any more.
        if var manifest {
            if piece.isLast { manifest.round = max(manifest.round, piece.round) }
            try set(manifest)
        }
        if isStart { damaged.start(piece) }
    }

    /// Nil where the agent's head is as new already. `isAlone` where nothing that is there counts.
    private func change(
        _ agent: SnapshotPiece.Agent, of piece: SnapshotPiece, _ cursor: RunCursor, isAlone: Bool
    ) throws -> Change? {
        findHead.bind(1, Int64(piece.partition))
        findHead.bind(2, Int64(agent.agent.number))
        let known =
            try isAlone
            ? nil
            : findHead.first { row in
                (
                    round: row.int(1), memories: row.int(2), chain: Digest128(row.bytes(3)),
                    check: Digest128(row.bytes(4)),
                    // A round that is not what was written must not keep newer heads out.
                    isWhole: row.int(1) < Int64(piece.round)
                        || SnapshotFormat.head(row, partition: piece.partition) != nil
                )
            }
        if let known, known.isWhole, known.round >= Int64(piece.round) { return nil }
        let memories = known?.memories ?? 0
        guard
            let chain = memories == Int64(agent.archived)
                ? known?.chain ?? SnapshotFormat.emptyChain
                : try chain(ofFirst: agent.archived, of: agent.agent, piece.partition, memories)
        else {
            throw RecordRefusal(
                .invalid, "agent \(agent.agent) goes on behind \(agent.archived) memories, its snapshot has \(memories)"
            )
        }
        let entries = try agent.entries.map { entry in
            guard let segment = try segments.id(of: entry.text), entry.importance <= 10,
                let vector = try vector(entry.vector, of: segment, cursor)
            else {
                throw RecordRefusal(
                    .invalid, "a memory of agent \(agent.agent) has a text or a vector that is not recorded")
            }
            return SnapshotFormat.Memory(
                segment: segment, time: entry.time, importance: entry.importance, vector: vector)
        }
        return Change(
            agent: agent, entries: entries, chain: chain,
            replaced: known.map { $0.check ?? SnapshotFormat.emptyChain },
            takesPlace: known != nil && (agent.archived == 0 || memories > Int64(agent.archived)))
    }

    /// The chain of an agent's first `count` memories. A host whose last piece was stored, but which never heard of it,
    /// goes on behind those that it knows of. Nil where there are fewer, or where no piece ended with them.
    private func chain(
        ofFirst count: UInt32, of agent: AgentID, _ partition: UInt32, _ known: Int64
    ) throws -> Digest128? {
        guard count > 0 else { return SnapshotFormat.emptyChain }
        guard Int64(count) < known else { return nil }
        var (found, chain) = (UInt32(0), SnapshotFormat.emptyChain)
        findMemories.bind(1, Int64(partition))
        findMemories.bind(2, Int64(agent.number))
        findMemories.bind(3, Int64(count))
        defer { findMemories.reset() }
        while try findMemories.step() {
            let packed = findMemories.blob(1)
            guard findMemories.int(0) == Int64(found) else { return nil }
            chain = SnapshotFormat.chain(chain, first: found, packed)
            found += UInt32(packed.count / SnapshotFormat.memoryBytes)
        }
        return found == count ? chain : nil
    }

    /// The number of a text's vector with this checksum, 0 for none; nil where it is not recorded.
    private func vector(_ checksum: UInt64?, of segment: Int64, _ cursor: RunCursor) throws -> Int64? {
        guard let checksum else { return 0 }
        let dimension = Int(try cursor.requireRun().embeddingDimension)
        findVectors.bind(1, segment)
        defer { findVectors.reset() }
        while try findVectors.step() {
            let vector = try? FixedVector(bytes: findVectors.blob(1), dimension: dimension)
            if vector?.checksum == checksum { return findVectors.int(0) }
        }
        return nil
    }

    /// Writes an agent's change and gives its head's check value.
    private func write(_ change: Change, of piece: SnapshotPiece) throws -> Digest128 {
        let number = Int64(change.agent.agent.number)
        var chain = change.chain
        if change.takesPlace {
            removeMemories.bind(1, Int64(piece.partition))
            removeMemories.bind(2, number)
            removeMemories.bind(3, Int64(change.agent.archived))
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
        let check = head.check
        setHead.bind(6, check)
        setHead.bind(7, head.head)
        try setHead.run()
        return check
    }

    /// The partition's manifest, an empty one before its first piece; nil where it is damaged.
    private func manifest(_ partition: UInt32) throws -> SnapshotFormat.Manifest? {
        findManifest.bind(1, Int64(partition))
        if let known = try findManifest.first({ SnapshotFormat.manifest($0, partition: partition) }) { return known }
        return SnapshotFormat.Manifest(partition: partition)
    }

    private func set(_ manifest: SnapshotFormat.Manifest) throws {
        setManifest.bind(1, Int64(manifest.partition))
        setManifest.bind(2, Int64(manifest.round))
        setManifest.bind(3, Int64(manifest.heads.count))
        setManifest.bind(4, manifest.heads.sum)
        setManifest.bind(5, manifest.check)
        try setManifest.run()
    }

    private func remove(_ partition: UInt32) throws {
        for statement in removal {
            statement.bind(1, Int64(partition))
            try statement.run()
        }
    }
}
