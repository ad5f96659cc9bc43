import Foundation
import GRDB
import Hashing

/// Recomputes the hash of every batch from the rows that it added: none changed, none missing, none too many.
struct ChainCheck {
    private let database: Database

    init(_ database: Database) { self.database = database }

    /// Checks all batches and gives their number.
    func run() throws -> UInt64 {
        let cursors = try LedgerTable.allCases.map { try SQLStatement(database, $0.selectSQL) }
        let batches = try SQLStatement(database, "SELECT number, length, hash, rows FROM batches ORDER BY number")
        var previous = Digest256.zero
        var number: Int64 = 0
        while try batches.step() {
            number += 1
            guard batches.int(0) == number else {
                throw Verifier.Violation(text: "batch \(number) is missing")
            }
            let payload = try payload(of: number, rows: batches.text(3), cursors)
            previous = BatchLedger.link(previous: previous, number: number, payload: payload.bytes)
            guard batches.int(1) == Int64(payload.bytes.count), Digest256(bytes: batches.blob(2)) == previous else {
                throw Verifier.Violation(
                    text: "the hash of batch \(number) does not follow from its rows: a row was changed, or one "
                        + "was removed before it")
            }
        }
        for (table, cursor) in zip(LedgerTable.allCases, cursors) where try cursor.step() {
            throw Verifier.Violation(text: "\(table.name) has rows that belong to no batch")
        }
        return UInt64(number)
    }

    private func payload(of batch: Int64, rows text: String, _ cursors: [SQLStatement]) throws -> LedgerEncoding {
        guard let counts = try? JSONDecoder().decode([String: Int].self, from: Data(text.utf8)) else {
            throw Verifier.Violation(text: "batch \(batch) does not say which rows it added")
        }
        var payload = LedgerEncoding()
        for (table, cursor) in zip(LedgerTable.allCases, cursors) {
            guard let count = counts[table.name], count > 0 else { continue }
            payload.appendHeader(table, rows: count)
            for _ in 0..<count {
                guard try cursor.step() else {
                    throw Verifier.Violation(text: "rows of \(table.name) that batch \(batch) added are missing")
                }
                for column in 0..<cursor.columnCount { payload.append(cursor, column: column) }
            }
        }
        return payload
    }
}
