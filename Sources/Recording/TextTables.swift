import GRDB
import Hashing
import Model

/// `vectors`: every vector once by text and content. A model may answer the same text with other bits another day;
/// then both are kept, for the turns that used them.
final class VectorTable {
    private let rows: RowWriter
    private let find: SQLStatement
    private let segments: SegmentTable

    init(_ database: Database, _ ledger: BatchLedger, _ segments: SegmentTable) throws {
        rows = ledger[.vectors]
        find = try SQLStatement(database, "SELECT id, vector FROM vectors WHERE segment = ?")
        self.segments = segments
    }

    /// The number of the vector of `text`, which is stored if it is new.
    func id(of text: String, vector: [UInt8]) throws -> Int64 {
        let segment = try segments.id(of: text)
        find.bind(1, segment)
        defer { find.reset() }
        while try find.step() {
            let isSame = vector.withUnsafeBytes { find.bytes(1).hasSameBytes(as: $0) }
            if isSame { return find.int(0) }
        }
        let id = rows.begin()
        rows.add(segment)
        rows.add(vector)
        try rows.insert()
        return id
    }
}

/// `settings`: everything about a request but its prompt, once by content.
final class SettingsTable {
    private let rows: RowWriter
    private let find: SQLStatement
    private var known = GenerationCache<RequestSettings, Int64>(costLimit: 4 << 20)

    init(_ database: Database, _ ledger: BatchLedger) throws {
        rows = ledger[.settings]
        find = try SQLStatement(
            database,
            """
            SELECT id FROM settings WHERE details = ? AND model = ? AND "constraint" = ? AND temperature = ?
                AND top_p = ? AND max_tokens = ? AND reading_code = ?
            """)
    }

    /// The number of these settings, which are stored if they are new.
    func id(of spec: CompletionSpec) throws -> Int64 {
        let settings = RequestSettings(
            model: spec.model, constraint: spec.constraint, sampling: spec.sampling, reading: spec.reading)
        if let id = known.value(settings, cost: 256) { return id }
        let (name, details) = SettingsTable.text(of: spec.constraint)
        find.bind(1, details)
        find.bind(2, spec.model)
        find.bind(3, name)
        find.bind(4, Int64(spec.sampling.temperature))
        find.bind(5, Int64(spec.sampling.topP))
        find.bind(6, Int64(spec.sampling.maxTokens))
        find.bind(7, Int64(spec.reading.rawValue))
        if let id = try find.first({ $0.int(0) }) {
            known.insert(id, settings, cost: 256)
            return id
        }
        let id = rows.begin()
        rows.add(spec.model)
        rows.add(name)
        rows.add(details)
        rows.add(spec.sampling.temperature)
        rows.add(spec.sampling.topP)
        rows.add(spec.sampling.maxTokens)
        rows.add(Int64(spec.reading.rawValue))
        try rows.insert()
        known.insert(id, settings, cost: 256)
        return id
    }

    /// A constraint in the words of the recording: options as a JSON array, a schema as it is.
    static func text(of constraint: AnswerConstraint) -> (name: String, details: String) {
        switch constraint {
        case .free: ("free", "")
        case .choice(let options): ("choice", JSONText.of(.list(options.map { .text($0) })))
        case .jsonSchema(let schema): ("schema", schema)
        }
    }
}
