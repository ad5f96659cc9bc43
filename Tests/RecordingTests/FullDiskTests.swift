import Foundation
import Glibc
import Model
import Support
import Testing

@testable import Recording

/// A small disk of its own.
private final class SmallDisk {
    let path: String

    init?(megabytes: Int) throws {
        path = NSTemporaryDirectory() + "small-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            try FileManager.default.removeItem(atPath: path)
            return nil
        }
    }

    func grow(megabytes: Int) -> Bool {
        mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=\(megabytes)m") == 0
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        try? FileManager.default.removeItem(atPath: path)
    }
}

@Suite(.enabled(if: geteuid() == 0, "only root may mount a small disk"))
struct FullDiskTests {
    @Test(arguments: [1, 2, 3])
    func aFullDiskIsSaidAndLosesNothingAndTheRunGoesOnWhenItHasGrown(_ megabytes: Int) throws {
        guard let disk = try SmallDisk(megabytes: megabytes) else {
            try Test.cancel("this system lets nobody mount a disk: errno \(errno)")
        }
        let fixture = try Fixture(inMemory: true)
        let path = disk.path + "/recording.sqlite"
        fixture.store = try SQLiteRecordStore(.file(path), wallClock: { 0 })
        try fixture.begin()
        try fixture.open(1)
        var acknowledged: [OutcomeRecord] = []
        var failure: StorageFailure?
        for number in 0..<2_000 where failure == nil {
            let record = fixture.call(
                0, number: UInt32(number), prompt: [String(repeating: "text \(number) ", count: 500)])
            do {
                try fixture.send([.outcomes([record])])
                acknowledged.append(record)
            } catch let error as StorageFailure { failure = error }
        }
        #expect(failure?.kind == .diskFull)
        #expect(failure?.advice == "free space on its disk and resume the run")
        #expect(!acknowledged.isEmpty)
        // It takes nothing more, also when there is room again.
        #expect(disk.grow(megabytes: 64))
        #expect(throws: StorageFailure.self) { try fixture.send([.outcomes([fixture.call(1)])]) }
        try fixture.store.close()
        fixture.store = try SQLiteRecordStore(.file(path), wallClock: { 0 })
        #expect(fixture.store.openingNote == nil)
        let found = try fixture.recorded(fixture.agents[0].partition).outcomes
        #expect(acknowledged.allSatisfy { found.contains($0) })
        try fixture.send([.outcomes([fixture.call(1)])])
        try fixture.store.close()
        #expect(try RecordingReader(path: path).verify().violation == nil)
        fixture.store = try SQLiteRecordStore(.memory, wallClock: { 0 })
    }
}
