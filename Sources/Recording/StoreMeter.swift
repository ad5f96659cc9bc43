import GRDB
import GRDBSQLite
import Metrics
import Support

/// What the store has written so far and how long the disk took for it. Counted where it happens, read from any thread.
public final class StoreMeter: Sendable {
    /// What was counted.
    public struct Totals: Sendable {
        /// Transactions.
        public var batches: UInt64 = 0
        /// Requests in them, refused ones among them.
        public var requests: UInt64 = 0
        /// Bytes of pages that went into the journal.
        public var writtenBytes: UInt64 = 0
        /// Seconds of each commit: the last pages written to the journal, and the journal synced.
        public var commits = MetricHistogram.syncSeconds
    }

    private let clock: any MonotonicClock
    private let state = Guarded(Totals())

    /// A meter at zero.
    public init(clock: any MonotonicClock) { self.clock = clock }

    /// What was counted so far.
    public var totals: Totals { state.withLock { $0 } }

    func now() -> Instant { clock.now() }

    /// A batch is durable; its commit began at `start`.
    func committed(_ requests: Int, since start: Instant, _ database: Database) {
        let seconds = clock.now().since(start).seconds
        let pages = Self.pagesWritten(database)
        state.withLock { totals in
            totals.batches += 1
            totals.requests += UInt64(requests)
            totals.writtenBytes += pages * UInt64(Schema.pageBytes)
            totals.commits.observe(seconds)
        }
    }

    /// Pages that SQLite has written since this was asked last.
    private static func pagesWritten(_ database: Database) -> UInt64 {
        guard let connection = database.sqliteConnection else { return 0 }
        var (present, highest): (Int32, Int32) = (0, 0)
        let status = sqlite3_db_status(connection, SQLITE_DBSTATUS_CACHE_WRITE, &present, &highest, 1)
        return status == SQLITE_OK ? UInt64(max(0, present)) : 0
    }
}
