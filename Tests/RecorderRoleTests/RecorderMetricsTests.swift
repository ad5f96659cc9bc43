import Foundation
import Hashing
import Model
import Recording
import Support
import TestKit
import Testing

@testable import MetricsServer
@testable import RecorderRole

/// A store whose disk fails when the test says so.
private final class FailingStore: RecordStore {
    let failed = Guarded<StorageFailure?>(nil)
    private let store: SQLiteRecordStore

    init(_ store: SQLiteRecordStore) { self.store = store }

    var failure: StorageFailure? { failed.withLock { $0 } }

    func append(_ batch: [RecordRequest]) throws -> [Result<RecordReply, RecordRefusal>] { try store.append(batch) }
    func run() throws -> RunRecord? { try store.run() }
    func partition(_ partition: UInt32, epoch: UInt64, round: UInt32) throws -> PartitionRecord {
        try store.partition(partition, epoch: epoch, round: round)
    }
    func outcomes(
        _ partition: UInt32, epoch: UInt64, round: UInt32, root: TurnID?, cursor: UInt64
    ) throws -> RecordedPage {
        try store.outcomes(partition, epoch: epoch, round: round, root: root, cursor: cursor)
    }
    func merged(round: UInt32, partition: UInt32, offset: UInt32) throws -> MergedPage {
        try store.merged(round: round, partition: partition, offset: offset)
    }
    func snapshot(_ partition: UInt32, epoch: UInt64?, after agent: AgentID?) throws -> SnapshotHeads {
        try store.snapshot(partition, epoch: epoch, after: agent)
    }
    func memories(
        _ partition: UInt32, epoch: UInt64, agent: AgentID, offset: UInt32, count: UInt32
    ) throws -> SnapshotMemories {
        try store.memories(partition, epoch: epoch, agent: agent, offset: offset, count: count)
    }
    func interventions(_ partition: UInt32, epoch: UInt64, round: UInt32) throws -> [[UInt8]] {
        try store.interventions(partition, epoch: epoch, round: round)
    }
    func file(_ hash: Digest256) throws -> [UInt8] { try store.file(hash) }
    func summary() throws -> RecordingSummary { try store.summary() }
    func close() throws { try store.close() }
}

@Suite(.timeLimit(.minutes(1))) struct RecorderMetricsTests {
    @Test func aRecorderIsReadyUntilItsStoreFailsAndAliveWhileItsWriterGetsOn() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/recording.sqlite"
        let meter = StoreMeter(clock: SystemClock())
        let store = FailingStore(try SQLiteRecordStore(.file(path), meter: meter, wallClock: { 0 }))
        let service = try RecorderService(store: store, clock: SystemClock())
        let server = try await MetricsServer.start(
            at: .standard, source: RecorderMetrics.source(service, meter: meter, store: path), version: "1",
            limit: .seconds(60))
        let client = LoopbackHTTP(port: server.address.port)
        #expect(try await client.get("/readyz").status == 200)

        let bytes = [UInt8](repeating: 7, count: 100_000)
        await withCheckedContinuation { done in
            service.write(.storeFile(name: "a-file-of-the-run", bytes: bytes)) { _ in done.resume() }
        }
        let body = try await client.get("/metrics").body
        let text = try ExpositionText(body)
        #expect(text.value("gensim_recorder_batches_total") == 1)
        #expect(text.value("gensim_recorder_requests_total") == 1)
        #expect(try #require(text.value("gensim_recorder_written_bytes_total")) >= 100_000)
        #expect(text.value("gensim_recorder_commit_duration_seconds_count") == 1)
        #expect(text.isWhole(histogram: "gensim_recorder_commit_duration_seconds"))
        #expect(try #require(text.value("gensim_recorder_store_bytes", ["kind": "journal"])) >= 100_000)
        #expect(!body.contains("a-file-of-the-run"))

        // The writer is held up; whoever asks is told so, and not by the thread that serves him.
        let release = try EventFD()
        service.read { _ in
            var polled = pollfd(fd: release.descriptor, events: Int16(POLLIN), revents: 0)
            _ = poll(&polled, 1, -1)
        } reply: { _ in
        }
        let impatient = try await MetricsServer.start(
            at: .standard, source: RecorderMetrics.source(service, meter: meter, store: path), version: "1",
            limit: .milliseconds(50))
        let stuck = try await LoopbackHTTP(port: impatient.address.port).get("/livez")
        #expect(stuck.status == 503)
        #expect(stuck.body == "the main loop has not answered within 0.05 s\n")
        release.signal()
        #expect(try await client.get("/livez").status == 200)

        store.failed.withLock { $0 = StorageFailure("the disk is full", advice: "make room") }
        let failed = try await client.get("/readyz")
        #expect(failed.status == 503)
        #expect(failed.body == "the store has failed: the disk is full\n")
        await impatient.stop()
        await server.stop()
        service.stop()
        try store.close()
    }
}
