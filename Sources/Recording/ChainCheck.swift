import Foundation
import GRDB
import Hashing

/// Recomputes the hash of batches from the rows that they added: none changed, none missing, none too many.
struct ChainCheck {
    private let database: Database

    init(_ database: Database) { self.database = database }

    /// Checks all batches behind the one numbered `known`, whose hash is taken as it stands, and gives the number of
    /// the last one.
    @discardableResult
    func run(after known: Int64 = 0) throws -> UInt64 {
        guard let start = try BatchHead.numbered(known, database) else {
            throw Verifier.Violation(text: "batch \(known) is missing")
        }
        let cursors = try cursors(after: known)
        let batches = try SQLStatement(
            database,
            "SELECT number, at, round, length, hash, rows, parts FROM batches WHERE number > ? ORDER BY number")
        batches.bind(1, known)
        var previous = start.hash
        var number = known
        while try batches.step() {
            number += 1
            guard batches.int(0) == number else {
                throw Verifier.Violation(text: "batch \(number) is missing")
            }
            let round = UInt32(clamping: batches.int(2))
            let place = "batch \(number) of round \(round)"
            var link = BatchLink(number: number, at: batches.int(1), round: round)
            let tables = try add(rows: batches.text(5), of: place, to: &link, cursors)
            previous = link.hash(previous: previous)
            guard batches.int(3) == link.length, Digest256(bytes: batches.blob(4)) == previous else {
                throw Verifier.Violation(text: broken(place, tables, link, parts: batches.blob(6)))
            }
        }
        for (table, cursor) in zip(LedgerTable.allCases, cursors) where try cursor.step() {
            throw Verifier.Violation(text: "\(table.name) has rows that belong to no batch")
        }
        return UInt64(number)
    }

    /// The rows of each table that these batches added: keys follow each other, so that their number leads to the
    /// first.
    private func cursors(after known: Int64) throws -> [SQLStatement] {
        var added: [String: Int64] = [:]
        if known > 0 {
            let batches = try SQLStatement(database, "SELECT number, round, rows FROM batches WHERE number > ?")
            batches.bind(1, known)
            while try batches.step() {
                let place = "batch \(batches.int(0)) of round \(batches.int(1))"
                for (table, count) in try counts(batches.text(2), of: place) {
                    added[table, default: 0] += Int64(count)
                }
            }
        }
        return try LedgerTable.allCases.map { table in
            let cursor = try SQLStatement(database, table.selectSQL)
            let behind =
                known == 0 ? table.keyBeforeFirst : try table.lastKey(database) - added[table.name, default: 0]
            cursor.bind(1, behind)
            return cursor
        }
    }

    private func counts(_ text: String, of place: String) throws -> [String: Int] {
        guard let counts = try? JSONDecoder().decode([String: Int].self, from: Data(text.utf8)),
            counts.values.allSatisfy({ (0...Int(Int32.max)).contains($0) })
        else { throw Verifier.Violation(text: "\(place) does not say which rows it added") }
        return counts
    }

    /// Adds the rows of a batch to its link, and gives the tables that it added to.
    private func add(
        rows text: String, of place: String, to link: inout BatchLink, _ cursors: [SQLStatement]
    ) throws -> [LedgerTable] {
        let counts = try counts(text, of: place)
        var tables: [LedgerTable] = []
        for (table, cursor) in zip(LedgerTable.allCases, cursors) {
            guard let count = counts[table.name], count > 0 else { continue }
            var encoded = LedgerEncoding()
            for _ in 0..<count {
                guard try cursor.step() else {
                    throw Verifier.Violation(text: "rows of \(table.name) that \(place) added are missing")
                }
                for column in 0..<cursor.columnCount { encoded.append(cursor, column: column) }
            }
            tables.append(table)
            link.add(table, rows: count, encoded)
        }
        return tables
    }

    /// Names the tables whose rows are not those of the batch, as far as it can be told.
    private func broken(_ place: String, _ tables: [LedgerTable], _ link: BatchLink, parts: [UInt8]) -> String {
        let size = BatchLedger.partBytes
        let changed = zip(tables, link.parts).enumerated().filter { index, part in
            !parts.dropFirst(index * size).prefix(size).elementsEqual(part.1.bytes.prefix(size))
        }.map(\.element.0.name)
        let named = changed.isEmpty ? "its own row or the batch before it was" : "rows of \(list(changed)) were"
        return "the hash of \(place) does not follow from its rows: \(named) changed, or some were removed or added"
    }

    private func list(_ names: [String]) -> String {
        names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }
}
