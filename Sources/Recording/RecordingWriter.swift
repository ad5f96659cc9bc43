import GRDB
import Hashing
import Model

/// Everything that writes to a recording, over one connection. Used by one access at a time.
final class RecordingWriter {
    private(set) var cursor: RunCursor
    let runs: RunWriter
    let merged: MergedReader
    let pages: OutcomePages
    let snapshots: SnapshotReader
    let interventions: InterventionTable
    private let ledger: BatchLedger
    private let segments: SegmentTable
    private let rounds: RoundWriter
    private let intake: OutcomeIntake
    private let commits: CommitWriter
    private let snapshotTables: SnapshotTables
    private let treesOfPartition: SQLStatement
    private var notedDuplicates: Int64

    init(_ database: Database, _ caches: RecordingCaches) throws {
        cursor = try RunCursor(database)
        notedDuplicates = cursor.duplicates
        ledger = try BatchLedger(database)
        segments = try SegmentTable(database, ledger, cacheBytes: caches.texts)
        let vectors = try VectorTable(database, ledger, segments)
        let settings = try SettingsTable(database, ledger)
        let steps = StepTable(ledger)
        let tables = OutcomeTables(ledger, segments: segments, vectors: vectors, settings: settings)
        let contents = try ContentReader(database)
        let outcomes = try OutcomeReader(database, contents)
        intake = try OutcomeIntake(database, tables, contents)
        let trees = try TreeReader(database, contents)
        runs = try RunWriter(database, ledger, steps)
        let mergedTable = try MergedTable(database)
        interventions = try InterventionTable(database, ledger, steps)
        rounds = try RoundWriter(database, ledger, steps, trees, intake, mergedTable, interventions)
        commits = try CommitWriter(
            database, ledger, rows: TreeRows(ledger, segments), tables: tables, intake: intake,
            segments: segments)
        merged = try MergedReader(database, trees, outcomes, mergedTable)
        pages = try OutcomePages(database, intake, trees, outcomes)
        let damaged = DamagedSnapshots()
        snapshots = try SnapshotReader(database, damaged)
        snapshotTables = try SnapshotTables(database, segments, damaged)
        treesOfPartition = try SQLStatement(
            database,
            """
            SELECT turns.identity, trees.failed FROM trees JOIN turns ON turns.id = trees.root
            WHERE trees.round = ? AND trees.partition = ? ORDER BY trees.merge_order
            """)
    }

    /// Writes one request inside the batch's transaction. Checks come before writes: a refusal has written nothing.
    func write(_ request: RecordRequest, at now: Int64) throws -> RecordReply {
        switch request {
        case .createRun(let name, let definition):
            try runs.create(name: name, definition: definition, &cursor, at: now)
        case .raiseEpoch(let epoch, let rounds, let owner):
            try runs.raise(epoch: epoch, rounds: rounds, owner: owner, &cursor, at: now)
        case .grantPartitions(let runEpoch, let leases):
            try runs.grant(runEpoch: runEpoch, leases: leases, &cursor, at: now)
        case .recordAgents(let agents):
            try runs.record(agents, &cursor)
        case .storeFile(let name, let bytes):
            try runs.store(name: name, bytes: bytes)
        case .openRound(let step):
            try rounds.open(step, &cursor, at: now)
        case .planRound(let plan):
            try rounds.plan(plan, cursor, at: now)
        case .outcomes(let records):
            try take(records)
        case .commit(let commit):
            return try commits.commit(commit, cursor)
        case .mergeRound(let step):
            return .merged(try rounds.merge(step, &cursor, at: now))
        case .closeRound(let step):
            return .closed(try rounds.close(step, &cursor, at: now))
        case .intervene(let request):
            return .intervened(try interventions.write(request, cursor, at: now))
        case .snapshot(let piece):
            try snapshotTables.write(piece, cursor)
        case .finishRun(let runEpoch, let ending, let reason):
            try runs.finish(runEpoch: runEpoch, ending: ending, reason: reason, cursor, at: now)
        }
        return .done
    }

    /// Ends the batch: its link of the chain is the last thing written.
    func finishBatch(at now: Int64) throws {
        if cursor.duplicates != notedDuplicates {
            try runs.note(duplicates: cursor.duplicates)
            notedDuplicates = cursor.duplicates
        }
        try segments.finishBatch()
        try ledger.finishBatch(at: now, round: cursor.round)
    }

    /// The last batch written.
    var lastBatch: BatchHead { ledger.last }

    private func take(_ records: [OutcomeRecord]) throws {
        for record in records { try intake.check(record, cursor) }
        for record in records where try intake.take(record, cursor) { cursor.duplicates += 1 }
    }

    /// What is durable of a partition in the open round.
    func partition(_ partition: UInt32, epoch: UInt64, round: UInt32) throws -> PartitionRecord {
        try cursor.requireLease(partition, epoch: epoch)
        guard round == cursor.round, cursor.state != .closed else {
            throw RecordRefusal(.conflict, "round \(round) is not open")
        }
        var record = PartitionRecord(committed: [], failed: 0)
        treesOfPartition.bind(1, Int64(round))
        treesOfPartition.bind(2, Int64(partition))
        defer { treesOfPartition.reset() }
        while try treesOfPartition.step() {
            guard let digest = Digest128(bytes: treesOfPartition.blob(0)) else {
                throw StorageFailure.damaged("the root turn of tree \(treesOfPartition.int(3)) has no identity")
            }
            record.committed.append(TurnID(digest: digest))
            if treesOfPartition.int(1) != 0 { record.failed += 1 }
        }
        return record
    }
}

extension RecordingWriter {
    /// Packed interventions that take effect with `round`, for who holds the environment's partition.
    func interventions(_ partition: UInt32, epoch: UInt64, round: UInt32) throws -> [[UInt8]] {
        let run = try cursor.requireRun()
        try cursor.requireLease(partition, epoch: epoch)
        guard partition == run.partitions, cursor.state == .merged, round == cursor.round + 1 else {
            throw RecordRefusal(
                .conflict, "interventions of round \(round) are carried out by the environment's turn before it")
        }
        return try interventions.contents(round: round)
    }
}

extension RunCursor {
    /// The run's record as callers see it.
    var record: RunRecord? {
        guard let run else { return nil }
        return RunRecord(
            name: run.name, definition: run.definition, epoch: epoch, closedRound: closedRound,
            openRound: state == .closed ? nil : round, merged: state == .merged, rounds: rounds)
    }
}
