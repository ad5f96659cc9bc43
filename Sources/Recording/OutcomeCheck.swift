import GRDB
import Model

/// Checks where outcomes and turns stand that no tree holds: what is void, what is in flight, and what counts of the
/// embedding calls, which trees do not name.
struct OutcomeCheck {
    private let database: Database

    init(_ database: Database) { self.database = database }

    /// Checks all of them. Trees have been checked before.
    func check() throws {
        try expectNone(
            """
            SELECT embedding_calls.id FROM embedding_calls LEFT JOIN turns ON turns.id = embedding_calls.turn
                LEFT JOIN trees ON trees.root = turns.root
            WHERE embedding_calls.void <> CASE
                WHEN trees.id IS NOT NULL THEN NOT EXISTS
                    (SELECT 1 FROM json_each(trees.embeddings) AS named WHERE named.value = embedding_calls.id)
                WHEN turns.status_code = \(TurnStatus.open.rawValue) THEN embedding_calls.id > (SELECT min(other.id)
                    FROM embedding_calls AS other
                    WHERE other.turn = embedding_calls.turn AND other.n = embedding_calls.n)
                ELSE 1 END LIMIT 1
            """, "embedding call %d counts and should be void, or the other way round (I8)")
        try expectNone(
            """
            SELECT trees.id FROM trees, json_each(trees.embeddings) AS named
            WHERE NOT EXISTS (SELECT 1 FROM embedding_calls JOIN turns ON turns.id = embedding_calls.turn
                WHERE embedding_calls.id = named.value AND turns.root = trees.root) LIMIT 1
            """, "tree %d used an embedding call that is missing")
        try expectNone(
            """
            SELECT void_calls.id FROM void_calls JOIN turns ON turns.id = void_calls.turn
            WHERE turns.status_code = \(TurnStatus.open.rawValue) AND NOT EXISTS (SELECT 1 FROM calls
                WHERE calls.turn = void_calls.turn AND calls.n = void_calls.n AND calls.id < void_calls.id) LIMIT 1
            """, "call %d is void, and its turn is in flight without another one in its place (I8)")
        try expectNone(
            """
            SELECT turns.id FROM turns LEFT JOIN trees ON trees.root = turns.root
                LEFT JOIN rounds ON rounds.round = turns.round
            WHERE trees.id IS NULL AND turns.status_code <> CASE rounds.state
                WHEN 'open' THEN \(TurnStatus.open.rawValue) WHEN 'closed' THEN \(TurnStatus.void.rawValue)
                ELSE CASE turns.status_code WHEN \(TurnStatus.open.rawValue) THEN \(TurnStatus.open.rawValue)
                    ELSE \(TurnStatus.void.rawValue) END END LIMIT 1
            """, "turn %d is not what a turn is whose root has not committed")
        try expectNone(
            """
            SELECT turns.id FROM turns JOIN trees ON trees.root = turns.root
            WHERE turns.status_code = \(TurnStatus.open.rawValue) LIMIT 1
            """, "turn %d is open, and its root has committed")
    }

    /// `sql` finds the first row that is wrong; its key goes into the text.
    private func expectNone(_ sql: String, _ text: String) throws {
        guard let key = try SQLStatement(database, sql).first({ $0.int(0) }) else { return }
        throw Verifier.Violation(text: text.replacing("%d", with: String(key)))
    }
}
