import GRDB
import Hashing
import Model

/// `traps`: whose code was running when processes of hosts trapped.
final class TrapTable {
    /// Most rows of a round: so many turns that trap again and again are no accident of the scenario's.
    private static let most = 1 << 16

    private let rows: RowWriter
    private let known: SQLStatement
    private let held: SQLStatement
    private let counted: SQLStatement

    init(_ database: Database, _ ledger: BatchLedger) throws {
        rows = ledger[.traps]
        known = try SQLStatement(database, "SELECT 1 FROM traps WHERE round = ? AND host = ? AND life = ?")
        held = try SQLStatement(database, "SELECT count(*) FROM traps WHERE round = ?")
        counted = try SQLStatement(
            database, "SELECT root, count(*), sum(alone) FROM traps WHERE round = ? GROUP BY root ORDER BY root")
    }

    /// Keeps a trap; nothing where it is known, or its round is over.
    func write(_ trap: RecordedTrap, _ cursor: RunCursor) throws {
        guard trap.round == cursor.round, cursor.state != .closed else { return }
        known.bind(1, Int64(trap.round))
        known.bind(2, trap.host)
        known.bind(3, Int64(bitPattern: trap.life))
        guard try known.first({ _ in true }) == nil else { return }
        held.bind(1, Int64(trap.round))
        guard try (held.first { $0.int(0) } ?? 0) + Int64(trap.roots.count) <= Self.most else {
            throw RecordRefusal(
                .invalid, "round \(trap.round) has more than \(Self.most) turns whose code trapped",
                advice: "mend the scenario's code, and resume the run")
        }
        for root in trap.roots {
            rows.begin()
            rows.add(trap.round)
            rows.add(trap.host)
            rows.add(Int64(bitPattern: trap.life))
            rows.add(Int64(trap.signal))
            rows.add(root.digest)
            rows.add(Int64(trap.roots.count == 1 ? 1 : 0))
            try rows.insert()
        }
    }

    /// How often each root turn's code was running at a trap of the round.
    func counts(round: UInt32) throws -> [TrapRecord] {
        counted.bind(1, Int64(round))
        var counts: [TrapRecord] = []
        while try counted.step() {
            guard let root = Digest128(bytes: counted.blob(0)) else { continue }
            counts.append(
                TrapRecord(
                    root: TurnID(digest: root), times: UInt32(clamping: counted.int(1)),
                    alone: UInt32(clamping: counted.int(2))))
        }
        return counts
    }
}
