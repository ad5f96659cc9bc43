import GRDB

/// How a connection is set up, and what is refused.
enum Connection {
    /// The journal is folded into the file after so many pages (32 MB): seldom enough not to be felt.
    private static let checkpointPages = 4096

    /// How long a lock of others is waited for. A reader that is the first to look at the recording of a killed
    /// recorder holds one while it reads the journal, and that recorder may itself take a moment to leave.
    static let patience = Database.BusyMode.timeout(10)

    /// Settings of a connection that writes. WAL with FULL: a commit returns when the journal is on the disk. GRDB
    /// would choose NORMAL, under which a power cut takes the last commits.
    static func prepare(_ database: Database, _ place: SQLiteRecordStore.Place, cacheBytes: Int) throws {
        try database.execute(sql: "PRAGMA page_size = \(Schema.pageBytes)")
        if case .file = place {
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA wal_autocheckpoint = \(checkpointPages)")
        }
        try database.execute(sql: "PRAGMA synchronous = FULL")
        try database.execute(sql: "PRAGMA cache_size = -\(cacheBytes >> 10)")
        try database.execute(sql: "PRAGMA temp_store = MEMORY")
        guard case .file = place else { return }
        let journal = try String.fetchOne(database, sql: "PRAGMA journal_mode") ?? ""
        let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? -1
        guard journal == "wal", synchronous == 2 else {
            throw StorageFailure(
                "the recording would not be durable: journal mode \(journal), synchronous \(synchronous)",
                advice: "put it on a local disk")
        }
    }

    /// Makes the tables of an empty recording; refuses a foreign file and a newer version.
    static func migrate(_ database: Database) throws {
        try check(database)
        guard try Int64.fetchOne(database, sql: "PRAGMA user_version") == 0 else { return }
        try database.inTransaction(.immediate) {
            for statement in Schema.statements { try database.execute(sql: statement) }
            try database.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
            try database.execute(sql: "PRAGMA user_version = \(Schema.version)")
            return .commit
        }
    }

    /// Refuses what is no recording, or one of a newer program.
    static func check(_ database: Database) throws {
        let version = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let application = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        guard tables == 0 || application == Schema.applicationID else {
            throw StorageFailure("the file is a database, but no recording", advice: "name another file")
        }
        guard version == 0 || version >= Schema.version else {
            throw StorageFailure(
                "the recording has version \(version), this program reads version \(Schema.version)",
                advice: "use the program that wrote it")
        }
        guard version <= Schema.version else {
            throw StorageFailure(
                "the recording has version \(version), this program reads up to \(Schema.version)",
                advice: "use the program that wrote it, or a newer one")
        }
    }

    /// Folds the journal into the file and empties it; false where a reader kept it from that.
    static func checkpoint(_ database: Database) throws -> Bool {
        try Int.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)") == 0
    }
}
