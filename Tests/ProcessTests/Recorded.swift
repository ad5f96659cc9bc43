import GRDB

/// What a run left, as SQL sees it.
struct Recorded {
    private let database: DatabaseQueue

    /// The recording in a run's folder.
    init(_ folder: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        database = try DatabaseQueue(path: "\(folder)/recording.sqlite", configuration: configuration)
    }

    /// One number.
    func count(_ sql: String) throws -> Int { try database.read { try Int.fetchOne($0, sql: sql) } ?? 0 }

    /// One text.
    func text(_ sql: String) throws -> String? { try database.read { try String.fetchOne($0, sql: sql) } }

    /// Rounds in which a prompt held a text.
    func rounds(ofPromptsWith text: String) throws -> [Int] {
        try database.read {
            try Int.fetchAll(
                $0,
                sql: """
                    SELECT DISTINCT round FROM calls JOIN call_prompts ON call_prompts.call = calls.id
                    WHERE instr(call_prompts.prompt, ?) > 0 ORDER BY round
                    """, arguments: [text])
        }
    }
}
