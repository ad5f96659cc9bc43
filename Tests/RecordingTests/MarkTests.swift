import Foundation
import GRDB
import Glibc
import Hashing
import Model
import Testing

@testable import Recording

@Suite struct MarkTests {
    /// A closed store with one round closed and one open, and where its mark lies.
    private func recorded() throws -> (fixture: Fixture, mark: String) {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.play(1)
        try fixture.open(2)
        try fixture.send([.outcomes([fixture.call(0, round: 2)])])
        return (fixture, MarkFile.path(beside: fixture.path))
    }

    private func mark(_ fixture: Fixture) throws -> AcknowledgementMark? {
        guard case .mark(let mark) = try MarkFile.read(beside: fixture.path) else { return nil }
        return mark
    }

    /// Changes the closed file behind the store's back.
    private func change(_ fixture: Fixture, _ sql: String) throws {
        let queue = try DatabaseQueue(path: fixture.path)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    private func openingFailure(_ fixture: Fixture) -> StorageFailure? {
        #expect(throws: StorageFailure.self) { try SQLiteRecordStore(.file(fixture.path), wallClock: { 0 }) }
    }

    @Test func theMarkFollowsEachBatchBeforeItsReply() throws {
        let (fixture, path) = try recorded()
        #expect(path.hasSuffix("/recording.acknowledged"))
        for number in 1..<6 {
            try fixture.send([.outcomes([fixture.call(1, round: 2, number: UInt32(number))])])
            let rows = try fixture.store.summary().counters
            #expect(try UInt64(#require(try mark(fixture)).batch.number) == rows.first { $0.name == "batches" }?.count)
        }
        let last = try #require(try mark(fixture))
        #expect(last.closedRound == 1)
        #expect(last.batch.round == 2)
        #expect(last.cleanBatch == 0)
        try fixture.store.close()
        #expect(try mark(fixture)?.cleanBatch == last.batch.number)
    }

    @Test func aJournalThatEndsBeforeItsMarkIsRefusedAndNamesWhatIsLost() throws {
        let (fixture, _) = try recorded()
        try fixture.store.close()
        let last = try #require(try mark(fixture)).batch.number
        try change(fixture, "DELETE FROM batches WHERE number > \(last - 2)")
        let failure = try #require(openingFailure(fixture))
        #expect(
            failure.what.contains(
                "batches \(last - 1) to \(last) of round 2 were acknowledged and are not in the journal"))
        #expect(failure.advice.contains("recording.acknowledged"))
        #expect(failure.kind == .damaged)
        // Refusing changes nothing: the same is said again.
        #expect(openingFailure(fixture) == failure)
    }

    @Test func aJournalOfAnotherRunIsRefused() throws {
        let (fixture, path) = try recorded()
        try fixture.store.close()
        let other = try Fixture(agents: 5)
        try other.begin()
        try other.play(1)
        try other.play(2)
        try other.store.close()
        try FileManager.default.removeItem(atPath: fixture.path)
        try FileManager.default.copyItem(atPath: other.path, toPath: fixture.path)
        #expect(openingFailure(fixture)?.what.contains("not the one that was acknowledged") == true)
        try FileManager.default.removeItem(atPath: path)
        try fixture.openAgain()
    }

    @Test func aMissingFileBesideItsMarkIsRefused() throws {
        let (fixture, _) = try recorded()
        try fixture.store.close()
        try FileManager.default.removeItem(atPath: fixture.path)
        #expect(openingFailure(fixture)?.what.contains("recording.sqlite is missing") == true)
        #expect(!FileManager.default.fileExists(atPath: fixture.path))
    }

    @Test func aCopyWithoutMarkIsTakenWithANoteAndMarkedAgain() throws {
        let (fixture, path) = try recorded()
        try fixture.store.close()
        try FileManager.default.removeItem(atPath: path)
        try fixture.openAgain()
        #expect(fixture.store.openingNote?.contains("no mark") == true)
        #expect(try mark(fixture)?.closedRound == 1)
        try fixture.reopen()
        #expect(fixture.store.openingNote == nil)
    }

    @Test func aMarkOlderThanItsJournalIsTaken() throws {
        let (fixture, path) = try recorded()
        let old = try Data(contentsOf: URL(fileURLWithPath: path))
        try fixture.send([.outcomes([fixture.call(2, round: 2)])])
        try fixture.store.close()
        try old.write(to: URL(fileURLWithPath: path))
        try fixture.openAgain()
        #expect(fixture.store.openingNote == nil)
    }

    @Test func aTornSlotLeavesTheOtherAndAMarkWithoutAnyIsDamage() throws {
        let (fixture, path) = try recorded()
        try fixture.store.close()
        let last = try #require(try mark(fixture))
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        var read: [AcknowledgementMark?] = []
        for slot in [0, 4096] {
            var torn = bytes
            for index in slot + 40..<slot + 128 { torn[index] = 0xff }
            try Data(torn).write(to: URL(fileURLWithPath: path))
            read.append(try mark(fixture))
        }
        #expect(read.count { $0 == last } == 1)
        #expect(read.allSatisfy { $0 != nil })
        bytes[20] ^= 1
        bytes[4096 + 20] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(openingFailure(fixture)?.what.contains("cannot be read") == true)
        #expect(try RecordingReader(path: fixture.path).verify().violation?.contains("cannot be read") == true)
        #expect(truncate(path, 100) == 0)
        #expect(openingFailure(fixture)?.what.contains("cannot be read") == true)
    }

    @Test(arguments: [
        ("UPDATE calls SET answer = 'no' WHERE id = (SELECT max(id) FROM calls)", "calls"),
        ("UPDATE steps SET number = 9 WHERE kind = 'planned'", "steps"),
        ("DELETE FROM calls WHERE id = (SELECT max(id) FROM calls)", "calls"),
        ("INSERT INTO failures VALUES (1, 1, 1, 1, 'limit', 'invented')", "failures"),
    ])
    func afterACrashABrokenLinkIsRefusedWithBatchRoundAndTable(_ sql: String, _ table: String) throws {
        let (fixture, path) = try recorded()
        // The mark of a recording that did not end cleanly, beside one that is changed.
        let crashed = try Data(contentsOf: URL(fileURLWithPath: path))
        try fixture.store.close()
        try crashed.write(to: URL(fileURLWithPath: path))
        try change(fixture, sql)
        let what = try #require(openingFailure(fixture)).what
        #expect(what.contains(table), "\(what)")
        #expect(table == "failures" || what.contains("of round"), "\(what)")
    }

    @Test func afterACrashNoMoreIsReadAgainThanTheBound() throws {
        let (fixture, path) = try recorded()
        try fixture.send([.outcomes([fixture.call(1, round: 2, prompt: [String(repeating: "p", count: 1 << 16)])])])
        try fixture.send([.outcomes([fixture.call(2, round: 2)])])
        let crashed = try Data(contentsOf: URL(fileURLWithPath: path))
        try fixture.store.close()
        try crashed.write(to: URL(fileURLWithPath: path))
        try change(fixture, "UPDATE calls SET answer = 'no' WHERE id = 1")
        // The first call's batch lies behind one that is larger than what may be read.
        #expect(try OpeningCheck(fixture.path, bytes: 1 << 15).run() == nil)
        #expect(throws: StorageFailure.self) { try OpeningCheck(fixture.path).run() }
    }

    @Test func aWrongClosedRoundIsRefused() throws {
        let (fixture, _) = try recorded()
        try fixture.store.close()
        try change(
            fixture,
            "UPDATE rounds SET state = 'open', digest = NULL WHERE round = 1; DELETE FROM rounds WHERE round = 2")
        #expect(openingFailure(fixture)?.what.contains("round 1 was acknowledged as closed") == true)
    }

    @Test(arguments: [
        ("UPDATE partitions SET epoch = epoch + 1 WHERE partition = 0", "partition 0"),
        ("DELETE FROM partitions WHERE partition = 0", "partition"),
        ("UPDATE plans SET roots = roots + 1 WHERE partition = 0 AND round = 1", "plan"),
        ("UPDATE runs SET epoch = epoch + 1", "epoch"),
        ("UPDATE rounds SET time = time + 1 WHERE round = 1", "round 1"),
        ("UPDATE rounds SET state = 'merged' WHERE round = 2", "round 2"),
    ])
    func aRowThatDoesNotFollowFromTheStepsIsRefused(_ sql: String, _ named: String) throws {
        let (fixture, _) = try recorded()
        try fixture.store.close()
        try change(fixture, sql)
        #expect(try #require(openingFailure(fixture)).what.contains(named))
    }

    @Test func aRecordingInMemoryHasNoMark() throws {
        let fixture = try Fixture(inMemory: true)
        try fixture.begin()
        #expect(!FileManager.default.fileExists(atPath: MarkFile.path(beside: fixture.path)))
    }
}
