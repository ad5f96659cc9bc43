import GRDB
import Hashing
import Model
import Support

/// The embedded store: one SQLite file in WAL mode, every transaction synced before it counts.
///
/// Unchecked, because all state but the connection itself lives in `writer`, which is touched only inside accesses
/// that GRDB's queue runs one after the other.
public final class SQLiteRecordStore: RecordStore, @unchecked Sendable {
    /// Where a recording lies.
    public enum Place: Hashable, Sendable {
        /// A file, made when it is missing.
        case file(String)
        /// Memory: for tests, and to measure what durability costs.
        case memory
    }

    private let queue: DatabaseQueue
    private let wallClock: @Sendable () -> Int64
    private let snapshotMeter: WorkMeter?
    private let meter: StoreMeter?
    private var writer: RecordingWriter?
    private var failed: StorageFailure?
    private var mark: MarkFile?
    private var cleanBatch: Int64 = 0
    /// What a log should say of the recording that was opened, nil when there is nothing to say.
    public let openingNote: String?

    /// Opens a recording, or makes an empty one. `wallClock` gives milliseconds since 1970 for the columns that tell
    /// a researcher when things happened; nothing depends on it. `snapshotMeter` counts what pieces of snapshots cost:
    /// all of a batch that holds one, but for the writing of its other requests. `meter` counts every batch.
    public init(
        _ place: Place, caches: RecordingCaches = RecordingCaches(), snapshotMeter: WorkMeter? = nil,
        meter: StoreMeter? = nil, wallClock: @escaping @Sendable () -> Int64
    ) throws {
        self.snapshotMeter = snapshotMeter
        self.meter = meter
        self.wallClock = wallClock
        do {
            switch place {
            case .file(let path): openingNote = try OpeningCheck(path).run()
            case .memory: openingNote = nil
            }
            var configuration = Configuration()
            configuration.label = "recording"
            configuration.busyMode = Connection.patience
            configuration.foreignKeysEnabled = false
            configuration.prepareDatabase { try Connection.prepare($0, place, cacheBytes: caches.pages) }
            switch place {
            case .file(let path): queue = try DatabaseQueue(path: path, configuration: configuration)
            case .memory: queue = try DatabaseQueue(configuration: configuration)
            }
            writer = try queue.writeWithoutTransaction { database in
                try Connection.migrate(database)
                return try RecordingWriter(database, caches)
            }
            if case .file(let path) = place, let writer {
                if case .mark(let mark) = try MarkFile.read(beside: path) { cleanBatch = mark.cleanBatch }
                mark = try MarkFile(beside: path, mark: acknowledged(by: writer))
            }
        } catch {
            throw StorageFailure(error)
        }
    }

    public func append(_ batch: [RecordRequest]) throws -> [Result<RecordReply, RecordRefusal>] {
        let now = wallClock()
        let cost = SnapshotBatchCost(batch, snapshotMeter)
        defer { cost?.finish() }
        return try access { database, writer in
            let before = (batch: writer.lastBatch.number, round: writer.cursor.closedRound)
            var replies: [Result<RecordReply, RecordRefusal>] = []
            var commit: Instant?
            try database.inTransaction(.immediate) {
                replies = try batch.map { request in
                    cost?.begin(request)
                    defer { cost?.end(request) }
                    do { return .success(try writer.write(request, at: now)) } catch let refusal as RecordRefusal {
                        return .failure(refusal)
                    }
                }
                try writer.finishBatch(at: now)
                commit = meter?.now()
                return .commit
            }
            if let commit { meter?.committed(batch.count, since: commit, database) }
            // Nobody has been told yet: what is told from here on can be missed.
            if writer.lastBatch.number > before.batch {
                try mark?.write(acknowledged(by: writer), synced: writer.cursor.closedRound > before.round)
            }
            return replies
        }
    }

    private func acknowledged(by writer: RecordingWriter) -> AcknowledgementMark {
        AcknowledgementMark(
            batch: writer.lastBatch, closedRound: writer.cursor.closedRound, cleanBatch: cleanBatch)
    }

    public func run() throws -> RunRecord? {
        try access { _, writer in writer.cursor.record }
    }

    public func partition(_ partition: UInt32, epoch: UInt64, round: UInt32) throws -> PartitionRecord {
        try access { _, writer in try writer.partition(partition, epoch: epoch, round: round) }
    }

    public func outcomes(
        _ partition: UInt32, epoch: UInt64, round: UInt32, root: TurnID?, cursor: UInt64
    ) throws -> RecordedPage {
        try access { _, writer in
            try writer.pages.page(
                partition, epoch: epoch, round: round, root: root, from: cursor, writer.cursor)
        }
    }

    public func merged(round: UInt32, partition: UInt32, offset: UInt32) throws -> MergedPage {
        try access { _, writer in
            try writer.merged.page(round: round, partition: partition, offset: offset, writer.cursor)
        }
    }

    public func interventions(_ partition: UInt32, epoch: UInt64, round: UInt32) throws -> [[UInt8]] {
        try access { _, writer in try writer.interventions(partition, epoch: epoch, round: round) }
    }

    public func snapshot(_ partition: UInt32, epoch: UInt64?, after agent: AgentID?) throws -> SnapshotHeads {
        try access { _, writer in
            try writer.snapshots.heads(partition, epoch: epoch, after: agent, writer.cursor)
        }
    }

    public func memories(
        _ partition: UInt32, epoch: UInt64, agent: AgentID, offset: UInt32, count: UInt32
    ) throws -> SnapshotMemories {
        try access { _, writer in
            try writer.snapshots.memories(
                partition, epoch: epoch, agent: agent, offset: offset, count: count, writer.cursor)
        }
    }

    public func file(_ hash: Digest256) throws -> [UInt8] {
        try access { _, writer in try writer.runs.file(hash) }
    }

    public func summary() throws -> RecordingSummary {
        try access { database, _ in try SummaryReader.summary(database) }
    }

    public var failure: StorageFailure? { queue.unsafeReentrantRead { _ in failed } }

    public func close() throws {
        do {
            try queue.writeWithoutTransaction { database in
                let last = writer.map { acknowledged(by: $0) }
                // Statements first: SQLite closes no connection that still has one.
                writer = nil
                guard failed == nil else { return }
                let isFolded = try Connection.checkpoint(database)
                if var last {
                    // What is still in the journal is read again when the recording is opened.
                    if isFolded { last.cleanBatch = last.batch.number }
                    try mark?.write(last, synced: true)
                }
            }
            try queue.close()
        } catch {
            throw StorageFailure(error)
        }
    }

    /// Runs `body` alone. A refusal passes; any other error ends the store, because what SQLite rolled back is still
    /// in the writer's memory.
    private func access<Value>(_ body: (Database, RecordingWriter) throws -> Value) throws -> Value {
        try queue.writeWithoutTransaction { database in
            if let failed { throw failed }
            guard let writer else {
                throw StorageFailure("the recording is closed", advice: "open it again")
            }
            do {
                return try body(database, writer)
            } catch let refusal as RecordRefusal {
                throw refusal
            } catch {
                let failure = StorageFailure(error, connection: database.sqliteConnection)
                failed = failure
                throw failure
            }
        }
    }
}
