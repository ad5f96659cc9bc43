import GRDB
import Hashing

/// Counts over a recording.
enum SummaryReader {
    static func summary(_ database: Database) throws -> RecordingSummary {
        func single(_ sql: String) throws -> UInt64 {
            UInt64(clamping: try SQLStatement(database, sql).first { $0.int(0) } ?? 0)
        }
        func counts(_ sql: String) throws -> [RecordingSummary.Count] {
            let rows = try SQLStatement(database, sql)
            var counts: [RecordingSummary.Count] = []
            while try rows.step() {
                counts.append(.init(name: rows.text(0), count: UInt64(clamping: rows.int(1))))
            }
            return counts.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        }
        let counters: [(String, String)] = [
            ("turns", "SELECT count(*) FROM turns WHERE status_code IN (1, 2)"),
            ("turns_failed", "SELECT count(*) FROM turns WHERE status_code = 2"),
            ("calls_failed", "SELECT count(*) FROM calls WHERE answer IS NULL"),
            ("attempts_rejected", "SELECT count(*) FROM attempts"),
            ("void_calls", "SELECT count(*) FROM void_calls"),
            ("duplicate_outcomes", "SELECT duplicates FROM runs"),
            ("prompt_tokens", "SELECT ifnull(sum(prompt_tokens), 0) FROM calls"),
            ("completion_tokens", "SELECT ifnull(sum(completion_tokens), 0) FROM calls"),
            ("embedding_calls", "SELECT count(*) FROM embedding_calls WHERE void = 0"),
            ("claims_granted", "SELECT count(*) FROM claims WHERE granted = 1"),
            ("claims_refused", "SELECT count(*) FROM claims WHERE granted = 0"),
            ("batches", "SELECT count(*) FROM batches"),
            (
                "database_bytes",
                "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
            ),
        ]
        return RecordingSummary(
            events: try counts("SELECT name, count(*) FROM events GROUP BY name"),
            calls: try counts("SELECT kind, count(*) FROM calls GROUP BY kind_code"),
            counters: try counters.map { .init(name: $0.0, count: try single($0.1)) }
                .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) },
            digests: try digests(database).map(\.digest))
    }

    /// The digest chain of the closed rounds.
    static func digests(_ database: Database) throws -> [(round: UInt32, digest: Digest256)] {
        let rows = try SQLStatement(
            database, "SELECT round, digest FROM rounds WHERE state = 'closed' ORDER BY round")
        var digests: [(round: UInt32, digest: Digest256)] = []
        while try rows.step() {
            digests.append((UInt32(clamping: rows.int(0)), Digest256(bytes: rows.blob(1)) ?? .zero))
        }
        return digests
    }
}
