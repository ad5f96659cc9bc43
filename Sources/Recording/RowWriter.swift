import GRDB
import Hashing

/// Adds rows to one table: binds each value and keeps its bytes for the batch's hash.
///
/// Values are given in the order of the table's columns, the covered ones first.
final class RowWriter {
    let table: LedgerTable
    private let statement: SQLStatement
    private let alternative: SQLStatement?
    private var current: SQLStatement
    private let covered: Int32
    private var index: Int32 = 0
    private(set) var pending = LedgerEncoding()
    private(set) var pendingRows = 0
    /// The last key given out.
    private(set) var lastID: Int64

    init(_ database: Database, _ table: LedgerTable) throws {
        self.table = table
        statement = try SQLStatement(database, table.insertSQL)
        alternative = try table.alternativeInsertSQL.map { try SQLStatement(database, $0) }
        current = statement
        covered = Int32(table.columns.count)
        lastID = try table.lastKey(database)
    }

    /// Starts a row under the next key, which it returns.
    @discardableResult
    func begin() -> Int64 {
        begin(id: lastID + 1)
        return lastID
    }

    /// Starts a row that goes to the table's alternative: a call that has no place in `calls`.
    func beginAlternative() -> Int64 {
        if let alternative { current = alternative }
        return begin()
    }

    /// Starts a row under a key of the caller's, higher than all before.
    func begin(id: Int64) {
        precondition(index == 0, "the row before was not inserted")
        lastID = id
        add(id)
    }

    func add(_ value: Int64) {
        index += 1
        current.bind(index, value)
        if index <= covered { pending.append(value) }
    }

    func add(_ value: UInt32) { add(Int64(value)) }

    func add(_ text: String) {
        index += 1
        current.bind(index, text)
        if index <= covered { pending.append(text) }
    }

    func add(_ bytes: [UInt8]) {
        index += 1
        current.bind(index, bytes)
        if index <= covered { pending.append(bytes) }
    }

    func add(_ digest: Digest128) {
        index += 1
        current.bind(index, digest)
        if index <= covered { pending.append(digest) }
    }

    func addNull() {
        index += 1
        current.bindNull(index)
        if index <= covered { pending.appendNull() }
    }

    func add(optional value: Int64?) { if let value { add(value) } else { addNull() } }

    func add(optional text: String?) { if let text { add(text) } else { addNull() } }

    /// Inserts the row begun.
    func insert() throws {
        precondition(index == covered + Int32(table.uncovered.count), "a row of \(table.name) lacks values")
        index = 0
        defer { current = statement }
        try current.run()
        pendingRows += 1
    }

    /// Forgets the bytes, once the batch's hash holds them.
    func finishBatch() {
        pending.removeAll()
        pendingRows = 0
    }
}
