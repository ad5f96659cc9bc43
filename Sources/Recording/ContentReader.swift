import GRDB
import Model

/// Everything about a request but its prompt.
struct RequestSettings: Hashable {
    var model: String
    var constraint: AnswerConstraint
    var sampling: Sampling
    var reading: AnswerReading
}

/// Reads `segments`, `vectors` and `settings` by key.
final class ContentReader {
    private let segmentText: SQLStatement
    private let vectorRow: SQLStatement
    private let settingsRow: SQLStatement

    init(_ database: Database) throws {
        segmentText = try SQLStatement(database, "SELECT text FROM segments WHERE id = ?")
        vectorRow = try SQLStatement(database, "SELECT segment, vector FROM vectors WHERE id = ?")
        let columns = "model, \"constraint\", details, temperature, top_p, max_tokens, reading_code"
        settingsRow = try SQLStatement(database, "SELECT \(columns) FROM settings WHERE id = ?")
    }

    /// The text under a number.
    func text(_ id: Int64) throws -> String {
        segmentText.bind(1, id)
        guard let text = try segmentText.first({ $0.text(0) }) else {
            throw StorageFailure.damaged("segment \(id) is missing")
        }
        return text
    }

    /// Text and vector under a number.
    func vector(_ id: Int64) throws -> (text: String, vector: [UInt8]) {
        vectorRow.bind(1, id)
        guard let found = try vectorRow.first({ (segment: $0.int(0), vector: $0.blob(1)) }) else {
            throw StorageFailure.damaged("vector \(id) is missing")
        }
        return (try text(found.segment), found.vector)
    }

    /// The settings under a number.
    func settings(_ id: Int64) throws -> RequestSettings {
        settingsRow.bind(1, id)
        let found = try settingsRow.first { row in
            guard let reading = AnswerReading(rawValue: UInt8(clamping: row.int(6))) else {
                throw StorageFailure.damaged("settings \(id) name a reading that does not exist")
            }
            return try RequestSettings(
                model: row.text(0), constraint: Self.constraint(row.text(1), details: row.text(2)),
                sampling: Sampling(
                    temperature: UInt32(clamping: row.int(3)), topP: UInt32(clamping: row.int(4)),
                    maxTokens: UInt32(clamping: row.int(5))), reading: reading)
        }
        guard let found else {
            throw StorageFailure.damaged("settings \(id) are missing")
        }
        return found
    }

    private static func constraint(_ name: String, details: String) throws -> AnswerConstraint {
        switch name {
        case "free": .free
        case "choice": .choice(try JSONText.strings(details))
        default: .jsonSchema(details)
        }
    }
}
