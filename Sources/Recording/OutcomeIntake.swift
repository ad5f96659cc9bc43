import GRDB
import Hashing
import Model

/// Takes outcomes in, whoever reports them and however often, and remembers those whose root has not committed.
///
/// Of each identity and request the first outcome counts. The same again is a duplicate; another result, or anything
/// for a root that has committed without it, was paid for without effect and is void.
final class OutcomeIntake {
    /// Roots in flight.
    private(set) var open: [TurnID: OpenRoot] = [:]

    private let tables: OutcomeTables
    private let committedRoot: SQLStatement
    private let turnsOfRoot: SQLStatement
    private let callOfTurn: SQLStatement
    private let voidCallsOfTurn: SQLStatement
    private let embeddingsOfTurn: SQLStatement
    private let numbersOfTurn: SQLStatement
    private let move: (insert: SQLStatement, delete: SQLStatement)
    private let restore: (insert: SQLStatement, delete: SQLStatement)
    private let voidEmbedding: SQLStatement
    private let voidTurn: SQLStatement
    private let contents: ContentReader

    init(_ database: Database, _ tables: OutcomeTables, _ contents: ContentReader) throws {
        self.tables = tables
        self.contents = contents
        committedRoot = try SQLStatement(database, "SELECT root FROM trees WHERE round = ? AND merge_order = ?")
        turnsOfRoot = try SQLStatement(database, "SELECT id, identity FROM turns WHERE root = ? ORDER BY id")
        let call = "SELECT id, request, answer, rejection, result FROM"
        callOfTurn = try SQLStatement(database, "\(call) calls WHERE turn = ? AND n = ?")
        voidCallsOfTurn = try SQLStatement(database, "\(call) void_calls WHERE turn = ? AND n = ? ORDER BY id")
        embeddingsOfTurn = try SQLStatement(
            database,
            "SELECT id, request, vectors, result, void FROM embedding_calls WHERE turn = ? AND n = ? ORDER BY id")
        numbersOfTurn = try SQLStatement(
            database,
            """
            SELECT n, 1 FROM calls WHERE turn = ?1 UNION SELECT n, 1 FROM void_calls WHERE turn = ?1
            UNION SELECT n, 0 FROM embedding_calls WHERE turn = ?1
            """)
        let columns = Schema.callColumns.joined(separator: ", ")
        move = (
            try SQLStatement(
                database,
                "INSERT INTO void_calls (\(columns), reason) SELECT \(columns), ? FROM calls WHERE id = ?"),
            try SQLStatement(database, "DELETE FROM calls WHERE id = ?")
        )
        restore = (
            try SQLStatement(
                database, "INSERT INTO calls (\(columns)) SELECT \(columns) FROM void_calls WHERE id = ?"),
            try SQLStatement(database, "DELETE FROM void_calls WHERE id = ?")
        )
        voidEmbedding = try SQLStatement(database, "UPDATE embedding_calls SET void = ? WHERE id = ?")
        voidTurn = try SQLStatement(
            database, "UPDATE turns SET status_code = \(TurnStatus.void.rawValue) WHERE id = ?")
        try reload(database)
    }

    // MARK: - Arrival

    /// Refuses an outcome that can belong to no turn of the run, before anything of its message is written.
    func check(_ record: OutcomeRecord, _ cursor: RunCursor) throws {
        let run = try cursor.requireRun()
        guard record.partition <= run.partitions, cursor.partition(of: record.agent) != nil else {
            throw RecordRefusal(.invalid, "an outcome names a partition or an agent that does not exist")
        }
        let isOpen = record.round == cursor.round && cursor.state != .closed
        guard isOpen || (record.round >= 1 && record.round <= cursor.closedRound) else {
            throw RecordRefusal(
                .conflict, "an outcome of round \(record.round) came while that round is not open",
                advice: "only turns of an open round make calls")
        }
    }

    /// Takes one outcome in; true when it is a duplicate.
    func take(_ record: OutcomeRecord, _ cursor: RunCursor) throws -> Bool {
        if let root = open[record.root] { return try takeOpen(record, root) }
        let run = try cursor.requireRun()
        let order = run.seed.mergeOrder(round: record.round, root: record.root)
        committedRoot.bind(1, Int64(record.round))
        committedRoot.bind(2, order)
        if let root = try committedRoot.first({ $0.int(0) }) { return try takeLate(record, root: root) }
        let isOpen = record.round == cursor.round && cursor.state != .closed
        let row = try tables.insertTurn(
            record.root, root: nil, round: record.round, partition: record.partition, agent: nil,
            status: isOpen ? .open : .void)
        let root = OpenRoot(record.root, partition: record.partition, row: row)
        // A root that its round closed without is never going to commit: what it paid for is void from the start.
        guard isOpen else {
            let turn = try root.turns[record.call.turn] ?? insertTurn(record, root, status: .void)
            _ = try tables.insert(record, result: record.resultHash, turn: turn, isAside: true)
            return false
        }
        open[record.root] = root
        return try takeOpen(record, root)
    }

    private func takeOpen(_ record: OutcomeRecord, _ root: OpenRoot) throws -> Bool {
        let result = record.resultHash
        let variants = root.outcomes[record.call] ?? []
        let same = variants.first { $0.request == record.request }
        if let same, same.result == result { return true }
        let turn = try root.turns[record.call.turn] ?? insertTurn(record, root)
        let row = try tables.insert(record, result: result, turn: turn, isAside: !variants.isEmpty)
        if same == nil {
            root.outcomes[record.call, default: []].append(
                RecordedVariant(
                    request: record.request, result: result, row: row, isCompletion: record.isCompletion,
                    isAside: !variants.isEmpty))
        }
        return false
    }

    private func insertTurn(
        _ record: OutcomeRecord, _ root: OpenRoot, status: TurnStatus = .open
    ) throws -> Int64 {
        let row = try tables.insertTurn(
            record.call.turn, root: root.row, round: record.round, partition: nil, agent: record.agent, status: status)
        root.turns[record.call.turn] = row
        return row
    }

    /// An outcome for a root that has committed already: what the tree used is a duplicate, anything else is void.
    private func takeLate(_ record: OutcomeRecord, root: Int64) throws -> Bool {
        var turn: Int64?
        turnsOfRoot.bind(1, root)
        while try turnsOfRoot.step() {
            if turnsOfRoot.bytes(1).elementsEqual(record.call.turn.digest.bytes) { turn = turnsOfRoot.int(0) }
        }
        let known =
            try turn
            ?? tables.insertTurn(
                record.call.turn, root: root, round: record.round, partition: nil, agent: record.agent, status: .void)
        let result = record.resultHash
        let recorded = try variants(turn: known, number: record.call.number, isCompletion: record.isCompletion)
        if recorded.contains(where: { $0.request == record.request && $0.result == result }) { return true }
        _ = try tables.insert(record, result: result, turn: known, isAside: true)
        return false
    }

    // MARK: - Commit

    /// Ends a root's flight: outcomes that its tree did not use become void, one that it used and that stood aside
    /// takes its place. `used` holds every outcome that the tree names.
    func settle(_ root: TurnID, used: [OutcomeName]) throws {
        guard let state = open.removeValue(forKey: root) else { return }
        var requests: [CallID: Digest128] = [:]
        requests.reserveCapacity(used.count)
        for name in used { requests[name.call] = name.request }
        for (call, variants) in state.outcomes {
            let named = requests[call]
            // First out, then in: of one identity only one row may stand in `calls`.
            for variant in variants where variant.request != named && !variant.isAside {
                try makeVoid(variant, reason: named == nil ? "not used" : "another request used")
            }
            for variant in variants where variant.request == named && variant.isAside {
                try bringBack(variant)
            }
        }
    }

    /// Ends the flight of every root that the round's merge leaves without a commit.
    func settleAbandoned() throws {
        for (root, state) in open {
            for row in state.turns.values {
                voidTurn.bind(1, row)
                try voidTurn.run()
            }
            try settle(root, used: [])
        }
    }

    private func makeVoid(_ variant: RecordedVariant, reason: String) throws {
        guard variant.isCompletion else { return try setVoid(variant.row, true) }
        move.insert.bind(1, reason)
        move.insert.bind(2, variant.row)
        try move.insert.run()
        move.delete.bind(1, variant.row)
        try move.delete.run()
    }

    private func bringBack(_ variant: RecordedVariant) throws {
        guard variant.isCompletion else { return try setVoid(variant.row, false) }
        restore.insert.bind(1, variant.row)
        try restore.insert.run()
        restore.delete.bind(1, variant.row)
        try restore.delete.run()
    }

    private func setVoid(_ row: Int64, _ void: Bool) throws {
        voidEmbedding.bind(1, void ? 1 : 0)
        voidEmbedding.bind(2, row)
        try voidEmbedding.run()
    }

    // MARK: - What is recorded of a turn

    /// The outcomes recorded of a call, the one that counts first.
    private func variants(turn: Int64, number: UInt32, isCompletion: Bool) throws -> [RecordedVariant] {
        guard isCompletion else { return try embeddingVariants(turn: turn, number: number) }
        var found: [RecordedVariant] = []
        for (statement, isAside) in [(callOfTurn, false), (voidCallsOfTurn, true)] {
            statement.bind(1, turn)
            statement.bind(2, Int64(number))
            while try statement.step() {
                let outcome = CompletionOutcome(
                    answer: statement.isNull(2) ? nil : statement.text(2), rejection: statement.text(3),
                    rejected: [], promptTokens: 0, completionTokens: 0, model: "")
                guard let request = Digest128(statement.bytes(1)), Digest128(statement.bytes(4)) == outcome.resultHash
                else {
                    throw StorageFailure.damaged("the answer of call \(statement.int(0)) does not have its hash")
                }
                found.append(
                    RecordedVariant(
                        request: request, result: outcome.resultHash, row: statement.int(0), isCompletion: true,
                        isAside: isAside))
            }
        }
        return found
    }

    private func embeddingVariants(turn: Int64, number: UInt32) throws -> [RecordedVariant] {
        embeddingsOfTurn.bind(1, turn)
        embeddingsOfTurn.bind(2, Int64(number))
        var rows: [(id: Int64, request: Digest128?, vectors: String, result: Digest128?, isAside: Bool)] = []
        while try embeddingsOfTurn.step() {
            rows.append(
                (
                    embeddingsOfTurn.int(0), Digest128(embeddingsOfTurn.bytes(1)), embeddingsOfTurn.text(2),
                    Digest128(embeddingsOfTurn.bytes(3)), embeddingsOfTurn.int(4) != 0
                ))
        }
        return try rows.map { row in
            let result = OutcomeRecord.resultHash(
                vectors: try JSONText.numbers(row.vectors).map { try contents.vector($0).vector })
            guard let request = row.request, row.result == result else {
                throw StorageFailure.damaged("the vectors of embedding call \(row.id) do not have their hash")
            }
            return RecordedVariant(
                request: request, result: result, row: row.id, isCompletion: false, isAside: row.isAside)
        }
    }

    /// Rebuilds the roots in flight from the rows, when the recording is opened again.
    private func reload(_ database: Database) throws {
        let rows = try SQLStatement(
            database, "SELECT id, identity, root, partition FROM turns WHERE status_code = 0 ORDER BY id")
        var roots: [Int64: TurnID] = [:]
        var turns: [(row: Int64, turn: TurnID, root: TurnID)] = []
        while try rows.step() {
            guard let digest = Digest128(rows.bytes(1)) else {
                throw StorageFailure.damaged("turn \(rows.int(0)) has no identity")
            }
            let turn = TurnID(digest: digest)
            if rows.int(0) == rows.int(2) {
                roots[rows.int(0)] = turn
                open[turn] = OpenRoot(turn, partition: UInt32(clamping: rows.int(3)), row: rows.int(0))
            }
            guard let root = roots[rows.int(2)] else {
                throw StorageFailure.damaged("turn \(rows.int(0)) is open, and its root turn is not")
            }
            open[root]?.turns[turn] = rows.int(0)
            turns.append((rows.int(0), turn, root))
        }
        for (row, turn, root) in turns {
            for (number, isCompletion) in try calls(ofTurn: row) {
                var distinct: [RecordedVariant] = []
                for variant in try variants(turn: row, number: number, isCompletion: isCompletion)
                where !distinct.contains(where: { $0.request == variant.request }) {
                    distinct.append(variant)
                }
                // A number may have been a call of either kind, where a rerun took another path.
                open[root]?.outcomes[CallID(turn: turn, number: number), default: []] += distinct
            }
        }
    }

    private func calls(ofTurn row: Int64) throws -> [(number: UInt32, isCompletion: Bool)] {
        numbersOfTurn.bind(1, row)
        var found: [(UInt32, Bool)] = []
        while try numbersOfTurn.step() {
            found.append((UInt32(clamping: numbersOfTurn.int(0)), numbersOfTurn.int(1) != 0))
        }
        return found
    }
}

extension OutcomeRecord {
    /// Whether it is the outcome of an LLM call.
    var isCompletion: Bool { if case .completion = content { true } else { false } }
}
