import Foundation
import GRDB

/// What the tests read from a recording, by the schema of docs/recording.md.
struct Recording: Sendable {
    /// A call that counts.
    struct Call: Sendable {
        var agent: String
        var agentType: String
        var kind: String
        var answer: String?
        var prompt: String
        /// What could be chosen; empty when nothing was.
        var options: [String]
    }

    /// A line of an interview.
    struct Line: Sendable {
        var turn: Int64
        var position: Int64
        var speaker: String
        var text: String
    }

    private let database: DatabaseQueue

    init(folder: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        database = try DatabaseQueue(path: "\(folder)/recording.sqlite", configuration: configuration)
    }

    /// All calls, in the order of recording.
    func calls() throws -> [Call] {
        try database.read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT full.agent, full.agent_type, full.kind, full.answer, full.prompt,
                        settings."constraint" AS form,
                        settings.details
                    FROM calls_full AS full JOIN calls ON calls.id = full.id
                    JOIN settings ON settings.id = calls.settings
                    ORDER BY full.id
                    """)
            return try rows.map { row in
                let details: String = row["details"]
                let isChoice: Bool = row["form"] == "choice"
                return Call(
                    agent: row["agent"], agentType: row["agent_type"], kind: row["kind"], answer: row["answer"],
                    prompt: row["prompt"],
                    options: isChoice ? try JSONDecoder().decode([String].self, from: Data(details.utf8)) : [])
            }
        }
    }

    /// Tokens of prompts that were counted, and then answered: as they were counted, and as the model's server told
    /// them with its answer.
    func countedPrompts() throws -> [(counted: Int, told: Int)] {
        try database.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT CAST(counts.answer AS INTEGER) AS counted, calls.prompt_tokens / calls.attempts AS told
                    FROM calls AS counts JOIN calls ON calls.turn = counts.turn AND calls.prompt = counts.prompt
                    WHERE counts.kind = 'count' AND calls.kind <> 'count' AND calls.prompt_tokens > 0
                    """
            ).map { ($0["counted"], $0["told"]) }
        }
    }

    /// Tokens of all prompts that were counted.
    func counts() throws -> [Int] {
        try database.read {
            try Int.fetchAll($0, sql: "SELECT CAST(answer AS INTEGER) FROM calls WHERE kind = 'count'")
        }
    }

    /// Tokens of the longest prompt that a model answered, importances of memories left out, which have no budget.
    func longestPrompt() throws -> Int {
        try database.read {
            try Int.fetchOne(
                $0,
                sql: """
                    SELECT max(prompt_tokens / attempts) FROM calls
                    WHERE kind NOT IN ('count', 'importance')
                    """) ?? 0
        }
    }

    /// Lines of interviews, by seeker's turn and position, each interview in its order.
    func interviews() throws -> [[Line]] {
        let lines = try database.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT turn, details ->> '$.position' AS position, details ->> '$.speaker' AS speaker,
                        details ->> '$.text' AS text
                    FROM events WHERE name = 'interview_line' ORDER BY turn, position, n
                    """
            ).map { Line(turn: $0["turn"], position: $0["position"], speaker: $0["speaker"], text: $0["text"]) }
        }
        var interviews: [[Line]] = []
        for line in lines {
            if let last = interviews.last?.last, last.turn == line.turn, last.position == line.position {
                interviews[interviews.count - 1].append(line)
            } else {
                interviews.append([line])
            }
        }
        return interviews
    }

    /// How often each event happened.
    func events() throws -> [String: Int] {
        try database.read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT name, count(*) AS count FROM events GROUP BY name")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0["name"] as String, $0["count"] as Int) })
        }
    }

    /// Texts that each agent remembers.
    func memories() throws -> [String: [String]] {
        try database.read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT agent, text FROM memory_texts ORDER BY id")
            return Dictionary(grouping: rows) { $0["agent"] as String }.mapValues { $0.map { $0["text"] as String } }
        }
    }

    /// Each agent's name.
    func names() throws -> [String: String] {
        try database.read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT id, profile ->> '$.name' AS name FROM agents")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0["id"] as String, $0["name"] as String) })
        }
    }

    /// These fields of each agent's profile.
    func profiles(_ fields: [String]) throws -> [String: [String]] {
        try database.read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT id, profile FROM agents")
            var found: [String: [String]] = [:]
            for row in rows {
                let text: String = row["profile"]
                let profile = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
                found[row["id"]] = fields.compactMap { profile?[$0] as? String }
            }
            return found
        }
    }

    /// The template files that the run holds, by the last part of their names.
    func templates() throws -> [String: String] {
        try database.read { database in
            let rows = try Row.fetchAll(
                database, sql: "SELECT name, CAST(bytes AS TEXT) AS text FROM files WHERE name LIKE '%.mustache'")
            return Dictionary(
                rows.map { row in
                    let name: String = row["name"]
                    return (String(name.split(separator: "/").last ?? ""), row["text"] as String)
                }
            ) { first, _ in first }
        }
    }

    /// The dimension that the run states, and every vector.
    func vectors() throws -> (dimension: Int, vectors: [[Float]]) {
        try database.read { database in
            let dimension = try Int.fetchOne(database, sql: "SELECT embedding_dimension FROM runs") ?? 0
            let blobs = try Data.fetchAll(database, sql: "SELECT vector FROM vectors")
            let vectors = blobs.map { blob in
                stride(from: 0, to: blob.count - 1, by: 2).map { offset in
                    let low = UInt16(blob[blob.startIndex + offset])
                    let high = UInt16(blob[blob.startIndex + offset + 1])
                    return Float(Float16(bitPattern: high << 8 | low))
                }
            }
            return (dimension, vectors)
        }
    }
}
