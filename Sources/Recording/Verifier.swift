import ClusterLogic
import GRDB
import Hashing
import Model

/// What a verification looked at, and the first thing that it found wrong.
public struct VerificationReport: Hashable, Sendable {
    /// Batches whose hash was recomputed.
    public var batches: UInt64 = 0
    /// Closed rounds whose digest was recomputed.
    public var rounds: UInt64 = 0
    /// Committed trees.
    public var trees: UInt64 = 0
    /// LLM calls that these trees used.
    public var calls: UInt64 = 0
    /// LLM calls whose root has not committed yet.
    public var inFlight: UInt64 = 0
    /// LLM calls that were paid for without effect.
    public var void: UInt64 = 0
    /// Whether the mark of what was acknowledged lies beside the recording. Without it nobody can tell whether
    /// batches at the journal's end are missing.
    public var hasMark = false
    /// The first violation, nil when all is well.
    public var violation: String?
}

/// Checks the invariants that a recording can be checked for on its own: each call once (I2), rounds one after the
/// other behind their barrier (I4), every call accounted for (I8), the chain of batches unbroken and complete, and all
/// digests recomputed from trees and answers, and nothing missing that the mark says was acknowledged.
struct Verifier {
    /// A check failed; the text says where and how.
    struct Violation: Error {
        var text: String
    }

    private let database: Database
    private let mark: MarkFile.Found
    private var report = VerificationReport()

    init(_ database: Database, mark: MarkFile.Found) {
        self.database = database
        self.mark = mark
    }

    /// Runs all checks up to the first that fails.
    mutating func verify() throws -> VerificationReport {
        do {
            try checkFile()
            try checkMark()
            report.batches = try ChainCheck(database).run()
            var steps = StepCheck(database)
            try steps.check()
            try checkRounds()
            try OutcomeCheck(database).check()
        } catch let violation as Violation {
            report.violation = violation.text
        } catch let failure as StorageFailure {
            report.violation = failure.what
        }
        return report
    }

    /// The file's own order: above all, that indexes find every row. No hash covers them.
    private func checkFile() throws {
        let found = try SQLStatement(database, "PRAGMA integrity_check(1)").first { $0.text(0) } ?? ""
        guard found == "ok" else { throw Violation(text: "the database is damaged: \(found)") }
    }

    private mutating func checkMark() throws {
        switch mark {
        case .missing: report.hasMark = false
        case .damaged: throw Violation(text: "the mark of what was acknowledged cannot be read")
        case .mark(let mark):
            report.hasMark = true
            try MarkCheck(database).check(mark)
        }
    }

    private mutating func checkRounds() throws {
        let cursor = try RunCursor(database)
        guard let run = cursor.run else { return }
        let fixed = FixedCheck(database)
        try fixed.checkRun()
        try fixed.checkFiles()
        let trees = try TreeCheck(database, run: run, cursor)
        var capacities = try TreeCheck.capacities(database)
        // As the last merge or close left them.
        var settled = capacities
        var previous = Digest256.zero
        var expected: UInt32 = 1
        for round in try RoundRow.all(database) {
            guard round.number == expected else {
                throw Violation(text: "round \(round.number) stands where round \(expected) was due (I4)")
            }
            expected += 1
            let checked = try trees.check(round: round.number, capacities: &capacities)
            report.trees += checked.trees
            report.calls += checked.calls
            try checkCalls(round, used: checked.calls)
            try checkCounts(round, checked)
            guard round.state == "closed" else {
                if round.state == "merged" { settled = checked.merged ?? capacities }
                guard round.number == cursor.round else {
                    throw Violation(text: "round \(round.number) is \(round.state), and a later one has opened (I4)")
                }
                continue
            }
            try checkBarrier(round.number, partitions: run.partitions)
            let interventions = try count(
                "SELECT count(*) FROM interventions WHERE round = \(Int64(round.number) + 1)")
            guard interventions == 0 || checked.environment != nil else {
                throw Violation(
                    text: "round \(round.number) closed without the environment's turn, which was to carry out "
                        + "\(interventions) interventions")
            }
            previous = roundDigest(
                previous: previous, round: round.number, trees: checked.digests, claims: checked.claims,
                environment: checked.environment)
            guard previous == round.digest else {
                throw Violation(text: "the digest of round \(round.number) does not follow from its trees")
            }
            report.rounds += 1
            settled = capacities
        }
        try fixed.checkResources(settled)
        var snapshots = SnapshotCheck(database)
        try snapshots.run(cursor)
        try checkTraps()
        report.void = UInt64(clamping: try count("SELECT count(*) FROM void_calls"))
        let unknown = try count(
            "SELECT count(*) FROM calls WHERE round NOT IN (SELECT round FROM rounds)")
        guard unknown == 0 else { throw Violation(text: "\(unknown) calls belong to rounds that never opened (I8)") }
    }

    /// Whose code was not run any more had trapped as often as that takes.
    private func checkTraps() throws {
        let unfounded = try count(
            """
            SELECT count(*) FROM failures JOIN turns ON turns.id = failures.turn
            WHERE failures.reason = '\(TurnFailure.Reason.trapped)' AND \(TurnFailure.mostTraps) >
                (SELECT count(*) FROM traps WHERE round = failures.round AND root = turns.identity AND alone = 1)
            """)
        guard unfounded == 0 else {
            throw Violation(text: "\(unfounded) turns failed as trapped, and fewer traps are recorded than that takes")
        }
    }

    /// Issued = applied or failed + in flight + void: `calls` holds the first two kinds and nothing else, and in
    /// flight is possible in the open round alone.
    private mutating func checkCalls(_ round: RoundRow, used: UInt64) throws {
        let recorded = UInt64(clamping: try count("SELECT count(*) FROM calls WHERE round = \(round.number)"))
        let waiting = UInt64(
            clamping: try count(
                """
                SELECT count(*) FROM turns JOIN calls ON calls.turn = turns.id
                WHERE turns.round = \(round.number) AND turns.status_code = 0
                """))
        guard recorded == used + waiting else {
            throw Violation(
                text: "round \(round.number) has \(recorded) calls, of which its trees used \(used) and \(waiting) "
                    + "are in flight (I8)")
        }
        let late = try count(
            """
            SELECT count(*) FROM turns JOIN calls ON calls.turn = turns.id JOIN turns AS roots ON roots.id = turns.root
            WHERE turns.round = \(round.number) AND turns.status_code = 0
                AND roots.partition <> (SELECT partitions FROM runs)
            """)
        // The environment takes its turn after the merge.
        guard round.state == "open" || (round.state == "merged" ? late : Int64(clamping: waiting)) == 0 else {
            throw Violation(text: "round \(round.number) is \(round.state) with \(waiting) calls in flight (I4)")
        }
        report.inFlight += waiting
    }

    /// A merged round counts its root turns, its failures and what reached the environment as its trees do.
    private func checkCounts(_ round: RoundRow, _ checked: TreeCheck.Round) throws {
        let counts = [UInt64(checked.digests.count), checked.failed, checked.contributions]
        guard round.counts == (round.state == "open" ? [0, 0, 0] : counts) else {
            throw Violation(text: "the counts of round \(round.number) do not follow from its trees")
        }
    }

    /// Every partition planned, and every planned root turn committed.
    private func checkBarrier(_ round: UInt32, partitions: UInt32) throws {
        let rows = try SQLStatement(
            database,
            """
            SELECT plans.partition, plans.roots, (SELECT count(*) FROM trees WHERE trees.round = plans.round
                AND trees.partition = plans.partition AND trees.kind_code <> \(RootKind.environment.rawValue))
            FROM plans WHERE plans.round = ?
            """)
        rows.bind(1, Int64(round))
        var planned: UInt32 = 0
        while try rows.step() {
            planned += 1
            guard rows.int(1) == rows.int(2) else {
                throw Violation(
                    text: "round \(round) closed while partition \(rows.int(0)) had \(rows.int(2)) of "
                        + "\(rows.int(1)) root turns (I4)")
            }
        }
        guard planned == partitions else {
            throw Violation(text: "round \(round) closed with \(planned) of \(partitions) partitions planned (I4)")
        }
    }

    private func count(_ sql: String) throws -> Int64 {
        try SQLStatement(database, sql).first { $0.int(0) } ?? 0
    }
}

/// A row of `rounds`.
struct RoundRow {
    var number: UInt32
    var state: String
    var digest: Digest256?
    /// Root turns, failed ones, contributions to the environment; zeros before the merge.
    var counts: [UInt64]

    static func all(_ database: Database) throws -> [RoundRow] {
        let rows = try SQLStatement(
            database, "SELECT round, state, digest, roots, failed, contributions FROM rounds ORDER BY round")
        var rounds: [RoundRow] = []
        while try rows.step() {
            rounds.append(
                RoundRow(
                    number: UInt32(clamping: rows.int(0)), state: rows.text(1),
                    digest: Digest256(bytes: rows.blob(2)), counts: (3...5).map { UInt64(clamping: rows.int($0)) }))
        }
        return rounds
    }
}
