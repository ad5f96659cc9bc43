import Foundation
import GRDB
import Support

/// Writes tables out for other tools, one file each.
public struct Exporter {
    /// Tables that are written when none are named: those that a researcher reads. Prompts, texts of memories and
    /// identities come whole, not as references.
    public static let tables = [
        "runs", "rounds", "agents", "turns", "calls", "attempts", "embedding_calls", "messages", "events", "memories",
        "failures", "claims", "void_calls", "interventions", "traps",
    ]

    private let reader: RecordingReader

    /// Writes out what `reader` reads.
    public init(_ reader: RecordingReader) { self.reader = reader }

    /// Writes `tables` into `folder`, which is made when it is missing, as `TABLE.csv` or `TABLE.jsonl`. All files
    /// show the recording at one moment; a file appears under its name when it is complete. Gives the rows of each
    /// table.
    public func export(_ tables: [String] = Exporter.tables, as format: ExportFormat, to folder: String) throws
        -> [(table: String, rows: Int)]
    {
        for table in tables where !Exporter.tables.contains(table) {
            let known = Exporter.tables + [Exporter.changesTable]
            let nearest = NearestName.of(table, among: known)
            throw UserError(
                "there is no table `\(table)`", at: "--table",
                advice: nearest.map { "did you mean `\($0)`?" }
                    ?? "choose among \(known.joined(separator: ", "))",
                exitCode: .usage)
        }
        try Exporter.make(folder)
        return try reader.read { database in
            try tables.map { ($0, try write($0, as: format, to: folder, database)) }
        }
    }

    private func write(_ table: String, as format: ExportFormat, to folder: String, _ database: Database) throws -> Int
    {
        let path = "\(folder)/\(table).\(format.rawValue)"
        var file = try ExportFile(path: path)
        let rows = try SQLStatement(database, Exporter.query(table))
        let columns = (0..<rows.columnCount).map { rows.columnName($0) }
        if let header = format.header(columns) { try file.write(header) }
        var count = 0
        while try rows.step() {
            try file.write(format.line(columns, (0..<rows.columnCount).map { ExportValue(rows, $0) }))
            count += 1
        }
        try file.finish()
        return count
    }

    /// The rows of a table as they are written out, in the order of their keys.
    private static func query(_ table: String) -> String {
        switch table {
        case "calls": "SELECT * FROM calls_full ORDER BY id"
        case "memories": "SELECT * FROM memory_texts ORDER BY id"
        case "void_calls":
            """
            SELECT id, round, agent, turn, n, kind, model, status, attempts, prompt_tokens, completion_tokens, answer,
                rejection, distribution, coverage, fallback, reason FROM void_calls ORDER BY id
            """
        case "turns":
            "SELECT id, identity, root, round, agent, kind, parent, n, status FROM turns ORDER BY id"
        case "runs":
            """
            SELECT id, name, seed, partitions, program_version, model, embedding_model, embedding_dimension,
                configuration, created_at, epoch, rounds, ending, reason FROM runs ORDER BY id
            """
        case "interventions": "SELECT id, round, n, content FROM interventions ORDER BY id"
        case "rounds": "SELECT * FROM rounds ORDER BY round"
        case "agents": "SELECT * FROM agents ORDER BY agent"
        default: "SELECT * FROM \(table) ORDER BY id"
        }
    }

    static func make(_ folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw failure("the folder cannot be made", folder)
        }
    }

    static func failure(_ what: String, _ path: String) -> UserError {
        UserError(
            "\(what): \(String(cString: strerror(errno)))", at: path,
            advice: "name a folder on a disk with space that you may write to", exitCode: .cannotCreate)
    }
}
