import Foundation
import Glibc
import Support
import Testing

/// Disks that are full, and files that are damaged.
@Suite(.serialized) struct DamageTests {
    @Test(.enabled(if: getuid() == 0, "mounting a small disk takes root"))
    func aFullDiskEndsTheRunWithAClearErrorAndItGoesOnOnceThereIsSpace() async throws {
        let coordinator = try Coordinator()
        let disk = coordinator.path("disk")
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        try #require(mount("none", disk, "tmpfs", 0, "size=1g") == 0, "errno \(errno)")
        defer { umount2(disk, Int32(MNT_DETACH)) }
        let run = try await DisturbedRun.start(coordinator, "disk/run")
        try fill("\(disk)/filler", disk: disk)
        let ending = try await run.ending()
        #expect(ending.status == .exited(ProcessExitCode.ioError.rawValue), "\(ending.errors)")
        #expect(ending.errors.contains("full"), "\(ending.errors)")
        #expect(ending.errors.contains("run --resume \(run.path)"))
        try FileManager.default.removeItem(atPath: "\(disk)/filler")
        let resumed = try await run.resume()
        #expect(resumed.status == .exited(0), "\(resumed.errors)")
        try await run.isAsIfUndisturbed()
    }

    /// Takes all space of a disk. The run may take some of it meanwhile: then less is tried.
    private func fill(_ path: String, disk: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        var share: Int64 = 1
        while true {
            let available = Int64(try DiskSpace.available(disk))
            guard available > 0 else { return }
            var facts = stat()
            fstat(descriptor, &facts)
            let result = posix_fallocate(descriptor, facts.st_size, off_t(max(1, available / share)))
            try #require(result == 0 || result == ENOSPC, "errno \(result)")
            share = result == 0 ? 1 : min(share * 2, available)
        }
    }

    /// A run that was killed whole: what it wrote last is in its journal.
    private func killed() async throws -> DisturbedRun {
        let run = try await DisturbedRun.start(try Coordinator())
        for process in [run.pid] + Coordinator.children(of: run.pid) { ChildProcess.kill(process, signal: SIGKILL) }
        #expect(try await run.ending().status == .signalled(SIGKILL))
        return run
    }

    /// Changes a file's bytes.
    private func change(_ path: String, _ body: (inout Data) -> Void) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        try #require(data.count > 100_000, "the file is too short to be damaged in its middle")
        body(&data)
        try data.write(to: URL(fileURLWithPath: path))
    }

    /// A frame of the journal is its page and 24 bytes; 32 bytes stand before the first.
    private static let frame = 8192 + 24

    @Test(arguments: ["flipped", "torn"])
    func aDamagedJournalIsAnErrorAndNotAShorterRun(how: String) async throws {
        let run = try await killed()
        try change("\(run.path)/recording.sqlite-wal") { data in
            let frames = (data.count - 32) / Self.frame
            let place = 32 + frames / 2 * Self.frame + 4_000
            if how == "torn" { data = data.prefix(place) } else { data[place] ^= 0x10 }
        }
        let ending = try await run.resume()
        #expect(ending.status == .exited(ProcessExitCode.dataError.rawValue), "\(ending.errors)")
        #expect(ending.errors.contains("recording.sqlite"), "\(ending.errors)")
        #expect(ending.errors.contains("batch"), "\(ending.errors)")
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func aFlippedByteInTheFileIsFound(seed: UInt64) async throws {
        let run = try await killed()
        // Reading it once folds the journal into the file.
        let folded = try await run.coordinator.call(["run", "--resume", run.path, "--quiet"])
        #expect(folded.status == .exited(0), "\(folded.errors)")
        try change("\(run.path)/recording.sqlite") { data in
            let text = Data("seeker-".utf8)
            // A place inside of what was recorded: another byte of a text.
            var places: [Int] = []
            var from = data.startIndex
            while let found = data.range(of: text, in: from..<data.endIndex) {
                places.append(found.lowerBound)
                from = found.upperBound
            }
            guard !places.isEmpty else { return }
            data[places[Int(seed) * places.count / 4]] ^= 0x01
        }
        let ending = try await run.coordinator.call(["verify", run.path])
        #expect(ending.status != .exited(0), "seed \(seed): \(ending.output)")
        #expect(!ending.errors.isEmpty)
    }
}
