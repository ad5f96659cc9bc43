import GRDB
import Hashing
import Model

@testable import Recording

/// Reads the recording after a run, and holds it against what the ledger noted down.
struct Audit {
    private(set) var digests: [Digest256] = []
    private(set) var violations: [String] = []
    /// Answers of model servers, accepted or rejected, that are recorded.
    private(set) var attempts = 0

    init(recording: String, ledger: Ledger) throws {
        let reader = try RecordingReader(path: recording)
        if let violation = try reader.verify().violation { violations.append(violation) }
        digests = try reader.digestChain().map(\.digest)
        try reader.read { database in
            try checkCalls(database, ledger)
            try checkTrees(database, ledger)
        }
        try reader.close()
    }

    /// Every acknowledged outcome is there (I1), and every one that is there was paid for (I8).
    private mutating func checkCalls(_ database: Database, _ ledger: Ledger) throws {
        var recorded: [Ledger.Paid: Int] = [:]
        // Counted, and paid to nobody.
        var counts: Set<Ledger.Paid> = []
        for table in ["calls", "void_calls"] {
            let rows = try SQLStatement(
                database,
                """
                SELECT turns.identity, \(table).n, \(table).request,
                    \(table).attempts, \(table).kind = 'count' FROM \(table) JOIN turns ON turns.id = \(table).turn
                """)
            while try rows.step() {
                guard let turn = Digest128(bytes: rows.blob(0)), let request = Digest128(bytes: rows.blob(2)) else {
                    violations.append("a recorded call has no identity")
                    continue
                }
                let call = CallID(turn: TurnID(digest: turn), number: UInt32(clamping: rows.int(1)))
                let key = Ledger.Paid(call: call, request: request)
                recorded[key, default: 0] += Int(rows.int(3))
                if rows.int(4) != 0 { counts.insert(key) }
            }
        }
        attempts = recorded.reduce(0) { $0 + (counts.contains($1.key) ? 0 : $1.value) }
        for key in ledger.acknowledged.keys where recorded[key] == nil {
            violations.append("I1: the acknowledged outcome of call \(key.call) is lost")
        }
        for (key, count) in recorded where ledger.answered[key, default: 0] < count && !counts.contains(key) {
            violations.append("I8: call \(key.call) has \(count) attempts, paid \(ledger.answered[key] ?? 0)")
        }
    }

    /// Every acknowledged tree is there (I1).
    private mutating func checkTrees(_ database: Database, _ ledger: Ledger) throws {
        let rows = try SQLStatement(
            database, "SELECT turns.identity FROM trees JOIN turns ON turns.id = trees.root")
        var roots: Set<TurnID> = []
        while try rows.step() { if let root = Digest128(bytes: rows.blob(0)) { roots.insert(TurnID(digest: root)) } }
        for root in ledger.committed.keys where !roots.contains(root) {
            violations.append("I1: the acknowledged tree of root turn \(root) is lost")
        }
    }
}
