import GRDB

/// Tables whose rows are only ever added, and whose contents every batch's hash covers.
///
/// The order of the cases is the order in the hash; the columns are those that never change after the insert, the
/// integer key first. `calls` stands for `void_calls` too: a row may move there, and keeps its key.
enum LedgerTable: Int, CaseIterable {
    case runs, agents, files, settings, segments, vectors, turns, calls, attempts, embeddingCalls, trees, claims
    case messages, events, memories, consolidations, failures, steps, interventions

    var name: String {
        switch self {
        case .embeddingCalls: "embedding_calls"
        default: "\(self)"
        }
    }

    /// Columns covered by the hash.
    var columns: [String] {
        switch self {
        case .runs: ["id", "name", "definition"]
        case .agents: ["agent", "id", "type", "partition", "profile"]
        case .files: ["id", "hash", "name"]
        case .settings:
            ["id", "model", "\"constraint\"", "details", "temperature", "top_p", "max_tokens", "reading_code"]
        case .segments: ["id", "text"]
        case .vectors: ["id", "segment", "vector"]
        case .turns: ["id", "identity", "root", "round", "partition"]
        case .calls: Schema.callColumns
        case .attempts: ["id", "call", "attempt", "reason", "answer"]
        case .embeddingCalls: ["id", "round", "agent", "turn", "n", "model", "request", "vectors", "result"]
        case .trees: ["id", "root", "round", "partition", "kind_code", "failed", "merge_order", "digest", "embeddings"]
        case .claims:
            ["id", "round", "tree", "place", "n", "owner", "claimant", "resource", "amount", "granted"]
        case .messages: ["id", "round", "turn", "n", "sender", "recipient", "subject", "body"]
        case .events: ["id", "round", "turn", "n", "agent", "target", "name", "details"]
        case .memories: ["id", "round", "turn", "n", "agent", "kind", "time", "importance", "segment"]
        case .consolidations: ["id", "round", "turn", "n", "agent", "importances", "accumulator"]
        case .failures: ["id", "round", "turn", "agent", "reason", "text"]
        case .steps:
            ["id", "at", "kind", "epoch", "round", "partition", "number", "holder", "text", "digest"]
        case .interventions: ["id", "round", "request", "n", "content", "bytes"]
        }
    }

    /// Columns written with the row and not covered: contents that a covered hash stands for, what follows from
    /// other rows, and what changes.
    var uncovered: [String] {
        switch self {
        case .runs:
            [
                "seed", "partitions", "program_version", "model", "embedding_model", "embedding_dimension",
                "configuration", "created_at",
            ]
        case .files, .trees: ["bytes"]
        case .turns: ["agent", "kind_code", "parent", "n", "status_code"]
        case .embeddingCalls: ["void"]
        default: []
        }
    }

    /// All covered rows behind a key, which is the parameter, in the order of their keys.
    var selectSQL: String {
        let list = columns.joined(separator: ", ")
        let (behind, order) = ("WHERE \(columns[0]) > ?1", "ORDER BY \(columns[0])")
        guard self == .calls else { return "SELECT \(list) FROM \(name) \(behind) \(order)" }
        return "SELECT \(list) FROM calls \(behind) UNION ALL SELECT \(list) FROM void_calls \(behind) \(order)"
    }

    /// The highest key, NULL where there is no row.
    var lastKeySQL: String {
        guard self == .calls else { return "SELECT max(\(columns[0])) FROM \(name)" }
        return "SELECT max(id) FROM (SELECT max(id) AS id FROM calls UNION ALL SELECT max(id) FROM void_calls)"
    }

    /// The key that the first one follows: agents are numbered from 0, everything else from 1.
    var keyBeforeFirst: Int64 { self == .agents ? -1 : 0 }

    /// Adds a call that a commit may still name instead of the one in `calls`.
    var alternativeInsertSQL: String? {
        guard self == .calls else { return nil }
        let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
        return "INSERT INTO void_calls (\(columns.joined(separator: ", ")), reason) VALUES (\(marks), 'not named')"
    }

    /// Adds a row.
    var insertSQL: String {
        let all = columns + uncovered
        let marks = Array(repeating: "?", count: all.count).joined(separator: ", ")
        return "INSERT INTO \(name) (\(all.joined(separator: ", "))) VALUES (\(marks))"
    }
}

extension LedgerTable {
    /// The highest key in the table, the one before the first where it is empty.
    func lastKey(_ database: Database) throws -> Int64 {
        try SQLStatement(database, lastKeySQL).first { $0.isNull(0) ? keyBeforeFirst : $0.int(0) } ?? keyBeforeFirst
    }
}
