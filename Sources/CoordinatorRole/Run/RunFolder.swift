import Foundation
import Glibc
import Support

/// A run's folder: where its recording, its logs and its `run.json` are.
struct RunFolder: Sendable {
    /// Its absolute path.
    let path: String
    /// Whether it was there before us: what we did not make, we do not take away.
    let wasThere: Bool
    /// Whether the recording is the business of a recorder that somebody else started.
    var isShared = false

    /// The recording.
    var recording: String { "\(path)/\(Self.recordingName)" }
    /// Folder of the logs.
    var logs: String { "\(path)/logs" }

    static let recordingName = "recording.sqlite"
    /// What the recorder has acknowledged last.
    private static let markName = "recording.acknowledged"
    private static let lockName = ".lock"

    /// A folder for a new run: not there, or holding no run. Nothing is made yet. A recorder that somebody else started
    /// has its file there already, and says itself whether it holds a run.
    static func forNewRun(_ path: String, isShared: Bool = false) throws(UserError) -> RunFolder {
        let folder = RunFolder(
            path: FilePaths.absolute(path), wasThere: FilePaths.isFolder(path), isShared: isShared)
        if !isShared && FileManager.default.fileExists(atPath: folder.recording) {
            throw UserError(
                "the folder holds a run already", at: path,
                advice: "go on with it by `coordinator run --resume \(path)`, or name another folder by --run-dir",
                exitCode: .cannotCreate)
        }
        if !folder.wasThere && FileManager.default.fileExists(atPath: folder.path) {
            throw UserError(
                "there is a file of that name", at: path, advice: "name another folder by --run-dir",
                exitCode: .cannotCreate)
        }
        try folder.checkFileSystem()
        return folder
    }

    /// The folder of a run that is there.
    static func ofExistingRun(_ path: String) throws(UserError) -> RunFolder {
        let folder = RunFolder(path: FilePaths.absolute(path), wasThere: true)
        guard FileManager.default.fileExists(atPath: folder.recording) else {
            throw UserError(
                "there is no run here: \(recordingName) is missing", at: path,
                advice: "name the folder that `coordinator run` printed", exitCode: .noInput)
        }
        return folder
    }

    /// `runs/NAME-001`, or the first number above that is free.
    static func defaultPath(run name: String, in parent: String = "runs") -> String {
        var number = 1
        while true {
            let digits = String(number)
            let path = "\(parent)/\(name)-\(String(repeating: "0", count: max(0, 3 - digits.count)))\(digits)"
            if !FileManager.default.fileExists(atPath: path) { return path }
            number += 1
        }
    }

    /// SQLite's write-ahead log needs memory that processes share through the file: network disks have none.
    func checkFileSystem() throws(UserError) {
        let kind = try FileSystemKind.of(FilePaths.nearestExisting(path))
        guard kind == .local else {
            throw UserError(
                "the folder lies on \(kind.rawValue), where a recording cannot be written safely", at: path,
                advice: "choose a local disk by --run-dir and copy the run when it is finished", exitCode: .cannotCreate
            )
        }
    }

    /// Checks that an expected recording fits, with a tenth to spare.
    func checkSpace(expected bytes: UInt64) throws(UserError) {
        let available = try DiskSpace.available(FilePaths.nearestExisting(path))
        let (wanted, overflow) = bytes.addingReportingOverflow(bytes / 10)
        guard overflow || available < wanted else { return }
        throw UserError(
            "the recording is expected to take \(Amount.bytes(bytes)), and \(Amount.bytes(available)) are free",
            at: path, advice: "free space, or choose another disk by --run-dir", exitCode: .cannotCreate)
    }

    /// Makes the folder and holds it for this process, so that no second coordinator plays the same run.
    func open() throws -> RunLock {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw UserError(
                "the folder cannot be made", at: path, advice: "check permissions, or name another by --run-dir",
                exitCode: .cannotCreate)
        }
        return try RunLock("\(path)/\(Self.lockName)", run: path)
    }

    /// Takes away what we made, when no run came of it.
    func discard() {
        if !wasThere && !isShared {
            try? FileManager.default.removeItem(atPath: path)
            return
        }
        let recording = ["", "-wal", "-shm", ".lock"].map { Self.recordingName + $0 }
        let ours = isShared ? [] : ["logs"] + recording + [Self.markName]
        let names = [Self.lockName] + ours
        for name in names { try? FileManager.default.removeItem(atPath: "\(path)/\(name)") }
    }
}

/// Holds a run's folder for as long as it lives.
final class RunLock: Sendable {
    private let descriptor: Int32

    init(_ file: String, run: String) throws(UserError) {
        descriptor = Glibc.open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("the folder cannot be written to", at: run, errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw UserError(
                "another coordinator is playing this run", at: run,
                advice: "see `coordinator status \(run)`, or wait until it has left", exitCode: .temporaryFailure)
        }
    }

    deinit { close(descriptor) }
}
