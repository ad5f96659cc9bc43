import GRDB
import Hashing
import Model

/// Reads a closed round in bulk: one pass over each table, without prompts and without a query for each call.
struct ReplayReader {
    private let database: Database

    /// A turn of the round.
    private struct Turn {
        var identity: TurnID
        /// Number among the turns of the round, from 0.
        var place: Int
    }

    init(_ database: Database) { self.database = database }

    /// What a round used and came to. `position` says where it begins, and goes to its end.
    func contents(round: UInt32, _ position: inout RecordedPosition) throws -> RecordedContents {
        var contents = RecordedContents()
        let turns = try turns(round: round, after: &position.turn)
        try addTrees(to: &contents, round: round, turns)
        try addTrapped(to: &contents, round: round, turns)
        var outcomes = [RecordedTurn](repeating: RecordedTurn(), count: turns.count)
        func add(_ outcome: RecordedOutcome, turn: Int64, number: Int64) -> Bool {
            guard let turn = turns[turn] else { return false }
            outcomes[turn.place].add(outcome, number: UInt32(clamping: number))
            return true
        }
        contents.calls = try forEachCall(round: round, after: &position.call, add)
        contents.embeddings = try forEachEmbedding(round: round, after: &position.embedding, add)
        contents.outcomes.reserveCapacity(turns.count)
        for turn in turns.values { contents.outcomes[turn.identity] = outcomes[turn.place] }
        return contents
    }

    /// Committed turns of a round by row.
    private func turns(round: UInt32, after position: inout Int64) throws -> [Int64: Turn] {
        let rows = try SQLStatement(
            database, "SELECT id, round, identity, status_code FROM turns WHERE id > ? ORDER BY id")
        var turns: [Int64: Turn] = [:]
        let committed = [TurnStatus.done.rawValue, TurnStatus.failed.rawValue]
        try forEach(rows, round: round, after: &position) {
            guard committed.contains(rows.int(3)), let identity = Digest128(rows.bytes(2)) else { return }
            turns[rows.int(0)] = Turn(identity: TurnID(digest: identity), place: turns.count)
        }
        return turns
    }

    /// Adds the committed trees in the order of the merge.
    private func addTrees(to contents: inout RecordedContents, round: UInt32, _ turns: [Int64: Turn]) throws {
        let rows = try SQLStatement(
            database,
            """
            SELECT trees.id, trees.root, trees.kind_code, trees.digest, turns.agent
            FROM trees JOIN turns ON turns.id = trees.root WHERE trees.round = ? ORDER BY trees.merge_order
            """)
        rows.bind(1, Int64(round))
        defer { rows.reset() }
        while try rows.step() {
            guard let turn = turns[rows.int(1)], let digest = Digest256(rows.bytes(3)),
                let kind = RootKind(rawValue: UInt8(clamping: rows.int(2)))
            else {
                throw StorageFailure(
                    "tree \(rows.int(0)) has no root turn, kind or digest",
                    advice: "the recording is damaged: verify it")
            }
            let root = RecordedRoot(
                turn: turn.identity, agent: AgentID(number: UInt32(clamping: rows.int(4))), kind: kind,
                digest: digest, tree: rows.int(0))
            if kind == .environment { contents.environment = root } else { contents.roots.append(root) }
        }
    }

    private func addTrapped(to contents: inout RecordedContents, round: UInt32, _ turns: [Int64: Turn]) throws {
        let rows = try SQLStatement(
            database,
            """
            SELECT trees.root FROM failures JOIN trees ON trees.root = failures.turn
            WHERE failures.round = ? AND failures.reason = '\(TurnFailure.Reason.trapped)'
            """)
        rows.bind(1, Int64(round))
        while try rows.step() {
            if let turn = turns[rows.int(0)] { contents.trapped.insert(turn.identity) }
        }
    }

    private func forEachCall(
        round: UInt32, after position: inout Int64, _ add: (RecordedOutcome, Int64, Int64) -> Bool
    ) throws -> UInt64 {
        let rows = try SQLStatement(
            database,
            "SELECT id, round, turn, n, request, answer, rejection FROM calls WHERE id > ? ORDER BY id")
        var count: UInt64 = 0
        try forEach(rows, round: round, after: &position) {
            guard let request = Digest128(rows.bytes(4)) else { return }
            let answer = rows.isNull(5) ? nil : rows.text(5)
            let outcome = RecordedOutcome(
                request: request, content: .answer(answer, rejection: answer == nil ? rows.text(6) : ""))
            if add(outcome, rows.int(2), rows.int(3)) { count += 1 }
        }
        return count
    }

    private func forEachEmbedding(
        round: UInt32, after position: inout Int64, _ add: (RecordedOutcome, Int64, Int64) -> Bool
    ) throws -> UInt64 {
        let rows = try SQLStatement(
            database,
            """
            SELECT id, round, turn, n, request, vectors, model, void FROM embedding_calls WHERE id > ? ORDER BY id
            """)
        let row = try SQLStatement(database, "SELECT vector FROM vectors WHERE id = ?")
        var known: [Int64: [UInt8]] = [:]
        func vector(_ id: Int64) throws -> [UInt8] {
            if let vector = known[id] { return vector }
            row.bind(1, id)
            guard let vector = try row.first({ $0.blob(0) }) else {
                throw StorageFailure("vector \(id) is missing", advice: "the recording is damaged: verify it")
            }
            known[id] = vector
            return vector
        }
        var count: UInt64 = 0
        try forEach(rows, round: round, after: &position) {
            guard rows.int(7) == 0, let request = Digest128(rows.bytes(4)) else { return }
            let vectors = try JSONText.numbers(rows.text(5)).map(vector)
            let outcome = RecordedOutcome(request: request, content: .vectors(vectors, model: rows.text(6)))
            if add(outcome, rows.int(2), rows.int(3)) { count += 1 }
        }
        return count
    }

    /// Visits the rows of a round in a statement whose first columns are key and round.
    private func forEach(
        _ rows: SQLStatement, round: UInt32, after position: inout Int64, _ body: () throws -> Void
    ) throws {
        rows.bind(1, position)
        defer { rows.reset() }
        while try rows.step(), rows.int(1) <= Int64(round) {
            position = rows.int(0)
            if rows.int(1) == Int64(round) { try body() }
        }
    }
}
