import GRDB
import Hashing
import Model

/// Checks snapshots: check values, chains of memories, and that they are of closed rounds and count as many memories as
/// the consolidations of those rounds made.
struct SnapshotCheck {
    private let database: Database
    /// How many entries of long-term memory each agent had lost when its head was written.
    private var forgotten: [AgentID: Int64] = [:]

    init(_ database: Database) { self.database = database }

    mutating func run(_ cursor: RunCursor) throws {
        let heads = try heads(cursor)
        try checkManifests(cursor)
        try checkMemories(heads)
        try checkCounts(heads)
    }

    /// Snapshots are of closed rounds, and have as many heads as they count, with the sum of check values that they
    /// note.
    private func checkManifests(_ cursor: RunCursor) throws {
        var sums: [UInt32: SnapshotFormat.HeadSum] = [:]
        let heads = try SQLStatement(database, "SELECT \"check\", partition FROM snapshot_heads")
        while try heads.step() {
            let check = Digest128(heads.bytes(0)) ?? SnapshotFormat.emptyChain
            sums[UInt32(clamping: heads.int(1)), default: .init()].add(check)
        }
        let rows = try SQLStatement(
            database, "SELECT \(SnapshotFormat.manifestColumns), partition FROM snapshots")
        while try rows.step() {
            let partition = UInt32(clamping: rows.int(4))
            guard let manifest = SnapshotFormat.manifest(rows, partition: partition) else {
                throw Verifier.Violation(text: "the snapshot of partition \(partition) does not have its check value")
            }
            guard manifest.round <= cursor.closedRound else {
                throw Verifier.Violation(
                    text: "the snapshot of partition \(partition) is of round \(manifest.round), which is not closed")
            }
            guard manifest.heads == sums.removeValue(forKey: partition) ?? .init() else {
                throw Verifier.Violation(
                    text: "the snapshot of partition \(partition) does not have the \(manifest.heads.count) heads that "
                        + "it was written with")
            }
        }
        if let partition = sums.keys.min() {
            throw Verifier.Violation(text: "the row of partition \(partition)'s snapshot is missing")
        }
    }

    private mutating func heads(_ cursor: RunCursor) throws -> [AgentID: SnapshotFormat.Head] {
        var heads: [AgentID: SnapshotFormat.Head] = [:]
        let rows = try SQLStatement(
            database, "SELECT \(SnapshotFormat.headColumns), partition FROM snapshot_heads")
        while try rows.step() {
            let partition = UInt32(clamping: rows.int(6))
            guard var head = SnapshotFormat.head(rows, partition: partition),
                cursor.partition(of: head.agent) == partition
            else {
                throw Verifier.Violation(
                    text: "the snapshot of agent #\(rows.int(0)) does not have its check value")
            }
            guard head.round >= 1, head.round <= cursor.closedRound else {
                throw Verifier.Violation(
                    text: "the snapshot of agent \(head.agent) is of round \(head.round), which is not closed")
            }
            forgotten[head.agent] = Self.forgotten(head.head)
            head.head = []
            heads[head.agent] = head
        }
        return heads
    }

    /// The second part of a head, behind its version: how many entries of long-term memory the agent has lost. 0 where
    /// the bytes are no head.
    private static func forgotten(_ head: [UInt8]) -> Int64 {
        var scan = MessagePackScan(head)
        guard scan.next() != nil, scan.next() != nil, let range = scan.next()?.range else { return 0 }
        guard head[range.lowerBound] >= 0x80 else { return Int64(head[range.lowerBound]) }
        guard (0xcc...0xce).contains(head[range.lowerBound]) else { return 0 }
        return head[range].dropFirst().reduce(0) { $0 << 8 | Int64($1) }
    }

    private func checkMemories(_ heads: [AgentID: SnapshotFormat.Head]) throws {
        var found: [AgentID: (count: Int, chain: Digest128)] = [:]
        let rows = try SQLStatement(
            database, "SELECT partition, agent, n, entries FROM snapshot_memories ORDER BY partition, agent, n")
        while try rows.step() {
            let agent = AgentID(number: UInt32(clamping: rows.int(1)))
            let before = found[agent] ?? (0, SnapshotFormat.emptyChain)
            let packed = rows.blob(3)
            guard let head = heads[agent], Int64(head.partition) == rows.int(0), rows.int(2) == Int64(before.count),
                let entries = SnapshotFormat.memories(packed)
            else { throw Verifier.Violation(text: "memories in the snapshot of agent \(agent) are damaged") }
            let chain = SnapshotFormat.chain(before.chain, first: UInt32(clamping: before.count), packed)
            found[agent] = (before.count + entries.count, chain)
        }
        for (agent, head) in heads {
            let memories = found[agent] ?? (0, SnapshotFormat.emptyChain)
            guard memories.count == Int(head.memories), memories.chain == head.chain else {
                throw Verifier.Violation(
                    text: "the memories in the snapshot of agent \(agent) are not those that its head counts")
            }
        }
    }

    /// Every consolidation that was merged made as many memories as it rated and understood; those that were not
    /// forgotten are there.
    private func checkCounts(_ heads: [AgentID: SnapshotFormat.Head]) throws {
        var made: [AgentID: Int64] = [:]
        let rows = try SQLStatement(
            database,
            """
            SELECT agent, round, json_array_length(importances) FROM consolidations
            UNION ALL SELECT agent, round, 1 FROM memories WHERE kind = 'insight'
            """)
        while try rows.step() {
            let agent = AgentID(number: UInt32(clamping: rows.int(0)))
            guard let head = heads[agent], rows.int(1) <= Int64(head.round) else { continue }
            made[agent, default: 0] += rows.int(2)
        }
        for (agent, head) in heads {
            let (made, lost) = (made[agent, default: 0], forgotten[agent, default: 0])
            guard Int64(head.memories) + lost != made else { continue }
            let rest = lost > 0 ? ", of which \(lost) are forgotten" : ""
            throw Verifier.Violation(
                text: "the snapshot of agent \(agent) counts \(head.memories) memories, its consolidations made "
                    + "\(made)\(rest)")
        }
    }
}
