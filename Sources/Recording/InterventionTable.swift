import GRDB
import Hashing
import Model

/// `interventions`: what a researcher did to the run while it was played, under the first round that has it.
final class InterventionTable {
    /// Most interventions that take effect with one round, and most bytes of them: they are read as one message.
    private static let most = 256
    private static let mostBytes = 4 << 20

    private let rows: RowWriter
    private let steps: StepTable
    private let known: SQLStatement
    private let taken: SQLStatement
    private let contents: SQLStatement

    init(_ database: Database, _ ledger: BatchLedger, _ steps: StepTable) throws {
        rows = ledger[.interventions]
        self.steps = steps
        known = try SQLStatement(database, "SELECT round, bytes FROM interventions WHERE request = ? ORDER BY n")
        taken = try SQLStatement(
            database, "SELECT count(*), total(length(bytes)) FROM interventions WHERE round = ?")
        contents = try SQLStatement(database, Self.contentsSQL)
    }

    private static let contentsSQL = "SELECT bytes FROM interventions WHERE round = ? ORDER BY id"

    /// Keeps interventions and gives the round of each; those of a request that is known already as they stand. Others
    /// under its number are refused.
    func write(_ request: RecordedInterventions, _ cursor: RunCursor, at: Int64) throws -> [UInt32] {
        try cursor.requireEpoch(request.runEpoch)
        let before = try kept(request.request)
        guard before.isEmpty else {
            guard before.map(\.bytes) == request.interventions.map({ $0.content.packed() }) else {
                throw RecordRefusal(
                    .conflict, "other interventions were accepted under the number \(request.request)",
                    advice: "repeat the same ones, or draw a new number")
            }
            return before.map(\.round)
        }
        let next = cursor.nextIntervention
        var counts: [UInt32: Int] = [:]
        var sizes: [UInt32: Int] = [:]
        let all = try request.interventions.map { intervention in
            let round = intervention.round ?? next
            guard round >= next else {
                throw RecordRefusal(
                    .conflict, "round \(round) has been settled: the next that takes interventions is \(next)",
                    advice: "name a later round, or none")
            }
            let bytes = intervention.content.packed()
            counts[round, default: 0] += 1
            sizes[round, default: 0] += bytes.count
            return (round: round, content: intervention.content, bytes: bytes)
        }
        for (round, count) in counts {
            let held = try held(round)
            guard held.count + count <= Self.most, held.bytes + sizes[round, default: 0] <= Self.mostBytes else {
                throw RecordRefusal(
                    .invalid, "round \(round) takes at most \(Self.most) interventions of \(Self.mostBytes) bytes",
                    advice: "name a later round")
            }
        }
        for (place, intervention) in all.enumerated() {
            let id = rows.begin()
            rows.add(intervention.round)
            rows.add(request.request)
            rows.add(Int64(place))
            rows.add(JSONText.of(intervention.content))
            rows.add(intervention.bytes)
            try rows.insert()
            try steps.add(
                .intervened, at: at, epoch: request.runEpoch, round: intervention.round, number: id)
        }
        return all.map(\.round)
    }

    /// How many interventions take effect with a round.
    func count(round: UInt32) throws -> Int { try held(round).count }

    /// Packed interventions that take effect with a round, in the order in which they were accepted.
    func contents(round: UInt32) throws -> [[UInt8]] { try Self.contents(round, contents) }

    /// The same for a reader.
    static func contents(round: UInt32, _ database: Database) throws -> [[UInt8]] {
        try contents(round, SQLStatement(database, contentsSQL))
    }

    private static func contents(_ round: UInt32, _ statement: SQLStatement) throws -> [[UInt8]] {
        statement.bind(1, Int64(round))
        var found: [[UInt8]] = []
        while try statement.step() { found.append(statement.blob(0)) }
        return found
    }

    private func kept(_ request: Digest128) throws -> [(round: UInt32, bytes: [UInt8])] {
        known.bind(1, request)
        var kept: [(round: UInt32, bytes: [UInt8])] = []
        while try known.step() { kept.append((UInt32(clamping: known.int(0)), known.blob(1))) }
        return kept
    }

    private func held(_ round: UInt32) throws -> (count: Int, bytes: Int) {
        taken.bind(1, Int64(round))
        return try taken.first { (Int($0.int(0)), Int($0.int(1))) } ?? (0, 0)
    }
}

extension RunCursor {
    /// The next round that takes interventions. What was accepted before a round is merged is part of its merge, and
    /// takes effect with the round behind it.
    var nextIntervention: UInt32 { state == .open ? round + 1 : round + 2 }
}
