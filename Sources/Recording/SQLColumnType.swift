import GRDBSQLite

/// SQLite's storage classes.
enum SQLColumnType {
    case null, integer, real, text, blob

    init(_ code: Int32) {
        switch code {
        case SQLITE_INTEGER: self = .integer
        case SQLITE_FLOAT: self = .real
        case SQLITE_TEXT: self = .text
        case SQLITE_BLOB: self = .blob
        default: self = .null
        }
    }
}
