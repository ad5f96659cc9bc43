import Foundation
import GRDB
import GRDBSQLite
import Hashing
import Model
import Recording
import Testing

@Suite struct DurabilityTests {
    @Test func everyBatchIsSyncedOnceBeforeItIsAcknowledged() throws {
        let disk = CountingDisk.shared
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        for batch in 0..<20 {
            let before = disk.syncs(under: fixture.path)
            let outcomes = (0..<50).map { fixture.call(batch % 6, number: UInt32(batch * 50 + $0)) }
            try fixture.send(outcomes.map { .outcomes([$0]) })
            #expect(disk.syncs(under: fixture.path) == before + 1)
        }
    }

    @Test func aFullDiskIsSaidClearlyAndLosesNothingThatWasAcknowledged() throws {
        let fixture = try Fixture()
        // SQLite takes the layer when a file is opened, so the first use of the counting disk comes before.
        _ = CountingDisk.shared
        try fixture.reopen()
        try fixture.begin()
        try fixture.open(1)
        let kept = fixture.call(0)
        try fixture.send([.outcomes([kept])])
        CountingDisk.shared.failWrites(under: fixture.path, SQLITE_FULL)
        let failures = (1..<3).map { number in
            #expect(throws: StorageFailure.self) {
                try fixture.send([.outcomes([fixture.call(0, number: UInt32(number))])])
            }
        }
        #expect(failures.allSatisfy { $0?.advice.contains("free space") == true })
        CountingDisk.shared.failWrites(under: fixture.path, nil)
        // The store has said that it failed: it does not come back by itself.
        #expect(throws: StorageFailure.self) { try fixture.send([.outcomes([fixture.call(0, number: 3)])]) }
        #expect(throws: StorageFailure.self) { try fixture.store.run() }
        try fixture.reopen()
        #expect(try fixture.recorded(fixture.agents[0].partition).outcomes == [kept])
        try fixture.send([.outcomes([fixture.call(0, number: 1)])])
        #expect(try RecordingReader(path: fixture.path).verify().violation == nil)
    }

    @Test func aFailingSyncAcknowledgesNothing() throws {
        _ = CountingDisk.shared
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        CountingDisk.shared.failSyncs(under: fixture.path, SQLITE_IOERR)
        let failure = #expect(throws: StorageFailure.self) { try fixture.send([.outcomes([fixture.call(0)])]) }
        #expect(failure?.advice.contains("disk") == true)
        CountingDisk.shared.failSyncs(under: fixture.path, nil)
    }

    @Test func theJournalIsWALAndFullySynced() throws {
        let fixture = try Fixture()
        try fixture.begin()
        #expect(FileManager.default.fileExists(atPath: fixture.path + "-wal"))
    }

    @Test func aForeignDatabaseAndANewerVersionAreRefused() throws {
        let fixture = try Fixture()
        let foreign = fixture.folder + "/foreign.sqlite"
        let queue = try DatabaseQueue(path: foreign)
        try queue.write { try $0.execute(sql: "CREATE TABLE t (a)") }
        try queue.close()
        #expect(throws: StorageFailure.self) { try SQLiteRecordStore(.file(foreign), wallClock: { 0 }) }
        try fixture.store.close()
        let own = try DatabaseQueue(path: fixture.path)
        try own.write { try $0.execute(sql: "PRAGMA user_version = 99") }
        try own.close()
        #expect(throws: StorageFailure.self) { try SQLiteRecordStore(.file(fixture.path), wallClock: { 0 }) }
    }
}
