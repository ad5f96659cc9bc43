import GRDB
import Hashing

/// The chain over all batches: each hash covers the one before and every row that the batch added.
final class BatchLedger {
    private let writers: [RowWriter]
    private let insert: SQLStatement
    private var number: Int64
    private var hash: Digest256

    init(_ database: Database) throws {
        writers = try LedgerTable.allCases.map { try RowWriter(database, $0) }
        insert = try SQLStatement(
            database, "INSERT INTO batches (number, at, length, hash, rows) VALUES (?, ?, ?, ?, ?)")
        let last = try SQLStatement(database, "SELECT number, hash FROM batches ORDER BY number DESC LIMIT 1").first {
            ($0.int(0), Digest256(bytes: $0.blob(1)) ?? .zero)
        }
        (number, hash) = last ?? (0, .zero)
    }

    subscript(_ table: LedgerTable) -> RowWriter { writers[table.rawValue] }

    /// Writes the batch's row, if the batch added any. `at` is the time of day in milliseconds.
    func finishBatch(at: Int64) throws {
        var payload = LedgerEncoding()
        var rows: [String] = []
        for writer in writers where writer.pendingRows > 0 {
            payload.appendHeader(writer.table, rows: writer.pendingRows)
            payload.append(contentsOf: writer.pending)
            rows.append("\"\(writer.table.name)\":\(writer.pendingRows)")
            writer.finishBatch()
        }
        guard !rows.isEmpty else { return }
        number += 1
        hash = BatchLedger.link(previous: hash, number: number, payload: payload.bytes)
        insert.bind(1, number)
        insert.bind(2, at)
        insert.bind(3, Int64(payload.bytes.count))
        insert.bind(4, hash.bytes)
        insert.bind(5, "{\(rows.joined(separator: ","))}")
        try insert.run()
    }

    /// The hash of a batch.
    static func link(previous: Digest256, number: Int64, payload: [UInt8]) -> Digest256 {
        HashBuilder.hash256(.batch) { hash in
            hash.append(previous)
            hash.append(UInt64(bitPattern: number))
            hash.append(payload)
        }
    }
}
