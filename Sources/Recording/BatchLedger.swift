import GRDB
import Hashing

/// A batch of the chain: what is known of it without its rows.
struct BatchHead: Equatable {
    /// Its number, from 1; 0 stands before the first.
    var number: Int64
    /// Its hash.
    var hash: Digest256
    /// The latest round when it was written.
    var round: UInt32

    /// What stands before the first batch.
    static let none = BatchHead(number: 0, hash: .zero, round: 0)

    /// The last batch of a recording.
    static func last(_ database: Database) throws -> BatchHead {
        try SQLStatement(database, "SELECT number, hash, round FROM batches ORDER BY number DESC LIMIT 1").first {
            try BatchHead($0)
        } ?? .none
    }

    /// The batch of a number, nil where there is none.
    static func numbered(_ number: Int64, _ database: Database) throws -> BatchHead? {
        if number == 0 { return BatchHead.none }
        let statement = try SQLStatement(database, "SELECT number, hash, round FROM batches WHERE number = ?")
        statement.bind(1, number)
        return try statement.first { try BatchHead($0) }
    }

    init(number: Int64, hash: Digest256, round: UInt32) {
        self.number = number
        self.hash = hash
        self.round = round
    }

    private init(_ row: SQLStatement) throws {
        guard let hash = Digest256(row.bytes(1)) else {
            throw StorageFailure.damaged("batch \(row.int(0)) has no hash")
        }
        self.init(number: row.int(0), hash: hash, round: UInt32(clamping: row.int(2)))
    }
}

/// The chain over all batches: each hash covers the one before and every row that the batch added.
final class BatchLedger {
    /// So many bytes of the hash over a table's rows are kept beside the chain: enough to say which table it was that
    /// changed. The chain itself covers the whole of it.
    static let partBytes = 8

    private let writers: [RowWriter]
    private let insert: SQLStatement
    /// The last batch written.
    private(set) var last: BatchHead

    init(_ database: Database) throws {
        writers = try LedgerTable.allCases.map { try RowWriter(database, $0) }
        insert = try SQLStatement(
            database, "INSERT INTO batches (number, at, round, length, hash, rows, parts) VALUES (?, ?, ?, ?, ?, ?, ?)")
        last = try BatchHead.last(database)
    }

    subscript(_ table: LedgerTable) -> RowWriter { writers[table.rawValue] }

    /// Writes the batch's row, if the batch added any. `at` is the time of day in milliseconds, `round` the latest.
    func finishBatch(at: Int64, round: UInt32) throws {
        var link = BatchLink(number: last.number + 1, at: at, round: round)
        var rows: [String] = []
        for writer in writers where writer.pendingRows > 0 {
            link.add(writer.table, rows: writer.pendingRows, writer.pending)
            rows.append("\"\(writer.table.name)\":\(writer.pendingRows)")
            writer.finishBatch()
        }
        guard !rows.isEmpty else { return }
        last = BatchHead(number: link.number, hash: link.hash(previous: last.hash), round: round)
        insert.bind(1, link.number)
        insert.bind(2, at)
        insert.bind(3, Int64(round))
        insert.bind(4, link.length)
        insert.bind(5, last.hash.bytes)
        insert.bind(6, "{\(rows.joined(separator: ","))}")
        insert.bind(7, link.parts.flatMap { $0.bytes.prefix(BatchLedger.partBytes) })
        try insert.run()
    }
}

/// What a batch's hash covers beside the batch before it.
struct BatchLink {
    /// The batch's number.
    let number: Int64
    /// The time of day in milliseconds.
    let at: Int64
    /// The latest round.
    let round: UInt32
    /// Bytes of its rows.
    private(set) var length: Int64 = 0
    /// The hash over each table's rows, in the order of the tables.
    private(set) var parts: [Digest256] = []

    init(number: Int64, at: Int64, round: UInt32) {
        self.number = number
        self.at = at
        self.round = round
    }

    /// Adds a table's rows.
    mutating func add(_ table: LedgerTable, rows: Int, _ encoded: LedgerEncoding) {
        length += Int64(encoded.bytes.count)
        parts.append(
            HashBuilder.hash256(.batch) { hash in
                hash.append(UInt64(table.rawValue))
                hash.append(UInt64(rows))
                hash.append(encoded.bytes)
            })
    }

    /// The batch's hash.
    func hash(previous: Digest256) -> Digest256 {
        HashBuilder.hash256(.batch) { hash in
            hash.append(previous)
            for number in [number, at, Int64(round), length] { hash.append(UInt64(bitPattern: number)) }
            for part in parts { hash.append(part) }
        }
    }
}
