import GRDB
import Hashing

/// Follows the steps of a run, which the chain of batches covers, and compares where they lead with what the run, its
/// rounds, plans and partitions say now.
struct StepCheck {
    private typealias Violation = Verifier.Violation

    /// A row of `rounds` as its steps leave it.
    private struct Round: Equatable {
        var time: Int64
        var state: String
        var openedAt: Int64
        var closedAt: Int64?
        var digest: Digest256?
    }

    /// A row of `plans`.
    private struct Plan: Hashable {
        var round: Int64
        var partition: Int64
    }

    /// The run's columns that steps change.
    private struct Run: Equatable {
        var createdAt: Int64 = 0
        var epoch: Int64 = 0
        var rounds: Int64 = 0
        var owner: Int64 = 0
        var ending: String?
        var reason: String?
    }

    private let database: Database
    private var run = Run()
    private var rounds: [Int64: Round] = [:]
    private var plans: [Plan: Int64] = [:]
    private var leases: [Int64: (epoch: Int64, host: Int64)] = [:]
    /// First rounds of interventions, by their keys.
    private var interventions: [Int64: Int64] = [:]

    init(_ database: Database) { self.database = database }

    /// Follows the steps and compares.
    mutating func check() throws {
        let rows = try SQLStatement(
            database,
            "SELECT id, at, kind, epoch, round, partition, number, holder, text, digest FROM steps ORDER BY id")
        while try rows.step() { try follow(rows) }
        try checkRun()
        try checkRounds()
        try checkPlans()
        try checkLeases()
        try checkInterventions()
    }

    private mutating func follow(_ row: SQLStatement) throws {
        let (at, epoch, round) = (row.int(1), row.int(3), row.int(4))
        switch StepTable.Kind(rawValue: row.text(2)) {
        case .created: run.createdAt = at
        case .raised:
            guard epoch == run.epoch + 1 else {
                throw Violation(text: "the run's epoch went from \(run.epoch) to \(epoch) (I3)")
            }
            run = Run(createdAt: run.createdAt, epoch: epoch, rounds: row.int(6), owner: row.int(7))
        case .granted:
            let last = leases[row.int(5)]?.epoch ?? 0
            guard epoch > last else {
                throw Violation(text: "partition \(row.int(5)) was granted under epoch \(epoch) after \(last) (I3)")
            }
            leases[row.int(5)] = (epoch, row.int(7))
        case .opened:
            guard rounds[round] == nil, round == 1 || rounds[round - 1]?.state == "closed" else {
                throw Violation(text: "round \(round) opened before the last one was closed (I4)")
            }
            rounds[round] = Round(time: row.int(6), state: "open", openedAt: at)
        case .planned: plans[Plan(round: round, partition: row.int(5))] = row.int(6)
        case .merged: rounds[round]?.state = "merged"
        case .closed:
            rounds[round]?.state = "closed"
            rounds[round]?.closedAt = at
            rounds[round]?.digest = Digest256(row.bytes(9))
        case .intervened:
            let latest = rounds.keys.max() ?? 0
            let next = rounds[latest]?.state == "open" ? latest + 1 : latest + 2
            guard round >= next else {
                throw Violation(text: "an intervention into round \(round) was accepted when \(next) was the next")
            }
            interventions[row.int(6)] = round
        case nil: (run.ending, run.reason) = (row.text(2), row.text(8))
        }
    }

    private func checkRun() throws {
        let row = try SQLStatement(
            database, "SELECT created_at, epoch, rounds, owner, ending, reason FROM runs")
        let found = try row.first { row in
            Run(
                createdAt: row.int(0), epoch: row.int(1), rounds: row.int(2), owner: row.int(3),
                ending: row.isNull(4) ? nil : row.text(4), reason: row.isNull(5) ? nil : row.text(5))
        }
        guard let found else { return }
        guard found.epoch == run.epoch, found.owner == run.owner else {
            throw Violation(text: "the run is at epoch \(found.epoch), and its last coordinator had \(run.epoch) (I3)")
        }
        guard found == run else {
            throw Violation(text: "the run's rounds, ending or time of creation do not follow from its steps")
        }
    }

    private func checkRounds() throws {
        let rows = try SQLStatement(
            database, "SELECT round, time, state, opened_at, closed_at, digest FROM rounds ORDER BY round")
        var left = rounds
        while try rows.step() {
            let found = Round(
                time: rows.int(1), state: rows.text(2), openedAt: rows.int(3),
                closedAt: rows.isNull(4) ? nil : rows.int(4), digest: Digest256(rows.bytes(5)))
            guard let expected = left.removeValue(forKey: rows.int(0)) else {
                throw Violation(text: "round \(rows.int(0)) stands there and was never opened")
            }
            guard found.state == expected.state else {
                throw Violation(
                    text: "round \(rows.int(0)) stands as \(found.state), and its last step left it \(expected.state)")
            }
            guard found == expected else {
                throw Violation(text: "the row of round \(rows.int(0)) does not follow from its steps")
            }
        }
        if let missing = left.keys.min() { throw Violation(text: "the row of round \(missing) is missing") }
    }

    private func checkPlans() throws {
        let rows = try SQLStatement(database, "SELECT round, partition, roots FROM plans")
        var left = plans
        while try rows.step() {
            guard left.removeValue(forKey: Plan(round: rows.int(0), partition: rows.int(1))) == rows.int(2) else {
                throw Violation(
                    text: "the plan of partition \(rows.int(1)) in round \(rows.int(0)) is not the one that it sent")
            }
        }
        guard left.isEmpty else { throw Violation(text: "\(left.count) plans of partitions are missing (I4)") }
    }

    private func checkInterventions() throws {
        let rows = try SQLStatement(database, "SELECT id, round FROM interventions")
        var left = interventions
        while try rows.step() {
            guard left.removeValue(forKey: rows.int(0)) == rows.int(1) else {
                throw Violation(text: "intervention \(rows.int(0)) does not follow from the run's steps")
            }
        }
        guard left.isEmpty else { throw Violation(text: "\(left.count) accepted interventions are missing") }
    }

    private func checkLeases() throws {
        let rows = try SQLStatement(database, "SELECT partition, epoch, host FROM partitions")
        var left = leases
        while try rows.step() {
            guard let lease = left.removeValue(forKey: rows.int(0)), lease == (rows.int(1), rows.int(2)) else {
                throw Violation(
                    text: "partition \(rows.int(0)) is not at the epoch or with the host of its last grant (I3)")
            }
        }
        guard left.isEmpty else { throw Violation(text: "\(left.count) granted partitions are missing (I3)") }
    }
}
