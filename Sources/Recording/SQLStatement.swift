import GRDB
import GRDBSQLite
import Glibc
import Hashing

/// A prepared statement with positional parameters, bound without boxing: an outcome is some twenty values, and
/// generic binding would be most of its cost.
///
/// Belongs to its connection and is used only where that is held.
final class SQLStatement {
    // GRDB finalizes the statement when this is released.
    private let owner: Statement
    private let handle: OpaquePointer

    /// SQLite copies a text or blob while it is bound.
    private static var transient: sqlite3_destructor_type {
        unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }

    init(_ database: Database, _ sql: String) throws {
        owner = try database.makeStatement(sql: sql)
        handle = owner.sqliteStatement
    }

    // MARK: - Parameters, numbered from 1

    func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }

    func bindNull(_ index: Int32) { sqlite3_bind_null(handle, index) }

    func bind(_ index: Int32, _ text: String) {
        var text = text
        text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                // An empty Swift buffer may have no address, which SQLite would take for NULL.
                guard let start = characters.baseAddress else {
                    sqlite3_bind_text(handle, index, "", 0, Self.transient)
                    return
                }
                sqlite3_bind_text64(
                    handle, index, start, UInt64(characters.count), Self.transient, UInt8(SQLITE_UTF8))
            }
        }
    }

    func bind(_ index: Int32, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { (buffer) -> Void in
            if let start = buffer.baseAddress, !buffer.isEmpty {
                sqlite3_bind_blob64(handle, index, start, UInt64(buffer.count), Self.transient)
            } else {
                sqlite3_bind_zeroblob(handle, index, 0)
            }
        }
    }

    func bind(_ index: Int32, _ digest: Digest128) {
        var bytes = (digest.high.bigEndian, digest.low.bigEndian)
        withUnsafeBytes(of: &bytes) { buffer -> Void in
            sqlite3_bind_blob(handle, index, buffer.baseAddress, Int32(buffer.count), Self.transient)
        }
    }

    // MARK: - Execution

    /// Goes to the next row; false at the end, after which the statement can be used again.
    func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(handle)
            return false
        default:
            let failure = StorageFailure(connection: sqlite3_db_handle(handle))
            sqlite3_reset(handle)
            throw failure
        }
    }

    /// Executes a statement whose rows, if any, are of no interest.
    func run() throws {
        while try step() {}
    }

    /// Ends an execution before its last row.
    func reset() { sqlite3_reset(handle) }

    /// The first row through `read`, nil where there is none.
    func first<Result>(_ read: (SQLStatement) throws -> Result) throws -> Result? {
        defer { reset() }
        return try step() ? read(self) : nil
    }

    // MARK: - Columns of the present row, numbered from 0

    var columnCount: Int32 { sqlite3_column_count(handle) }

    func columnName(_ column: Int32) -> String { sqlite3_column_name(handle, column).map { String(cString: $0) } ?? "" }

    func type(_ column: Int32) -> Int32 { sqlite3_column_type(handle, column) }

    func isNull(_ column: Int32) -> Bool { type(column) == SQLITE_NULL }

    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func double(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func blob(_ column: Int32) -> [UInt8] { Array(bytes(column)) }

    /// A text's or blob's bytes, valid until the next step.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
    }
}

extension StorageFailure {
    /// The connection's last error.
    init(connection: OpaquePointer?) {
        self.init(
            code: sqlite3_extended_errcode(connection),
            message: connection.map { String(cString: sqlite3_errmsg($0)) } ?? "", connection: connection)
    }

    /// An error of the database. `connection` knows the operating system's reason, where it was one.
    init(code: Int32, message: String, connection: OpaquePointer? = nil) {
        let isFromSystem = [SQLITE_IOERR, SQLITE_CANTOPEN].contains(code & 0xff)
        let systemError = isFromSystem ? connection.map { sqlite3_system_errno($0) } ?? 0 : 0
        let reason = systemError == 0 ? "" : ", \(String(cString: strerror(systemError)))"
        let what = "the recording cannot be used: \(message) (SQLite \(code)\(reason))"
        switch code & 0xff {
        case SQLITE_FULL: self.init(diskFull: what)
        // A full disk has many names: it is found when a write, a sync or the journal's index needs room.
        case SQLITE_IOERR where systemError == ENOSPC || systemError == EDQUOT: self.init(diskFull: what)
        case SQLITE_IOERR: self.init(inputOutput: what)
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            self.init(what, advice: "the file is damaged: restore a copy, or verify what is left", kind: .damaged)
        case SQLITE_BUSY, SQLITE_LOCKED:
            self.init(what, advice: "another process writes to it: stop that one", kind: .denied)
        case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM:
            self.init(
                what, advice: "check that the folder exists and that it and the file are writable", kind: .denied)
        default: self.init(what, advice: "this is a bug: keep the recording and report it")
        }
    }

    /// An error of the operating system on a file beside the database.
    init(errno code: Int32, _ what: String) {
        let what = "\(what): \(String(cString: strerror(code)))"
        if code == ENOSPC || code == EDQUOT { self.init(diskFull: what) } else { self.init(inputOutput: what) }
    }

    private init(diskFull what: String) {
        self.init(what, advice: "free space on its disk and resume the run", kind: .diskFull)
    }

    private init(inputOutput what: String) {
        self.init(what, advice: "check the disk and the kernel's log, then resume the run", kind: .inputOutput)
    }

    /// Whatever an access of the database behind `connection` threw.
    init(_ error: any Error, connection: OpaquePointer? = nil) {
        switch error {
        case let failure as StorageFailure: self = failure
        case let violation as Verifier.Violation: self = .damaged(violation.text)
        case let error as DatabaseError:
            self.init(
                code: error.extendedResultCode.rawValue, message: error.message ?? "no message",
                connection: connection)
        default: self.init("the recording cannot be used: \(error)", advice: "this is a bug: report it")
        }
    }
}
