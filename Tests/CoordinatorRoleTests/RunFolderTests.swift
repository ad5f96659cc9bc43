import Foundation
import Support
import TestKit
import Testing

@testable import CoordinatorRole

@Suite struct RunFolderTests {
    @Test func aFolderThatHoldsARunIsRefusedWithAdviceToResume() throws {
        let folder = try TemporaryFolder()
        try folder.makeFile("recording.sqlite")
        let error = #expect(throws: UserError.self) { try RunFolder.forNewRun(folder.path) }
        #expect(error?.advice.contains("--resume \(folder.path)") == true)
        #expect(error?.exitCode == .cannotCreate)
    }

    @Test func aFolderWithoutARunCannotBeResumed() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: UserError.self) { try RunFolder.ofExistingRun(folder.path) }
        #expect(error?.exitCode == .noInput)
    }

    @Test func aFileInTheFoldersPlaceIsRefused() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/file"
        try folder.makeFile("file")
        #expect(throws: UserError.self) { try RunFolder.forNewRun(path) }
    }

    @Test func theDefaultFolderIsTheFirstFreeNumber() throws {
        let folder = try TemporaryFolder()
        #expect(RunFolder.defaultPath(run: "first", in: folder.path) == "\(folder.path)/first-001")
        try FileManager.default.createDirectory(atPath: "\(folder.path)/first-001", withIntermediateDirectories: true)
        #expect(RunFolder.defaultPath(run: "first", in: folder.path) == "\(folder.path)/first-002")
    }

    @Test func onlyOneCoordinatorHoldsAFolder() throws {
        let folder = try TemporaryFolder()
        let run = try RunFolder.forNewRun("\(folder.path)/run")
        do {
            let lock = try run.open()
            let error = #expect(throws: UserError.self) { try run.open() }
            #expect(error?.exitCode == .temporaryFailure)
            withExtendedLifetime(lock) {}
        }
        _ = try run.open()
    }

    @Test func discardingTakesAwayOnlyWhatWeMade() throws {
        let folder = try TemporaryFolder()
        let mine = try RunFolder.forNewRun("\(folder.path)/mine")
        _ = try mine.open()
        mine.discard()
        #expect(!FileManager.default.fileExists(atPath: mine.path))
        let theirs = try RunFolder.forNewRun(folder.path)
        try folder.makeFile("notes.txt")
        _ = try theirs.open()
        theirs.discard()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["notes.txt"])
    }

    @Test func aRecordingThatDoesNotFitIsRefused() throws {
        let folder = try TemporaryFolder()
        let run = try RunFolder.forNewRun(folder.path)
        try run.checkSpace(expected: 1)
        let error = #expect(throws: UserError.self) { try run.checkSpace(expected: .max) }
        #expect(error?.exitCode == .cannotCreate)
    }

    @Test func theRunFileComesBackAsItWasWritten() throws {
        let folder = try TemporaryFolder()
        #expect(try RunFile.read(from: folder.path) == nil)
        let file = RunFile(
            run: "first", version: "1", pid: 1, hosts: 2, sockets: "/tmp/x", endpoints: ["recorder": "ipc:///tmp/x/r"],
            servers: RunFile.Servers(llm: ["emulator"]), scope: "first#7")
        try file.write(to: folder.path)
        #expect(try RunFile.read(from: folder.path) == file)
        #expect(!file.isAlive)
        try Data("{".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/run.json"))
        #expect(throws: UserError.self) { try RunFile.read(from: folder.path) }
    }

    @Test func socketsLieInAFolderOfTheOwnerAlone() throws {
        let parent = try TemporaryFolder()
        let sockets = try SocketFolder.make(environment: ["XDG_RUNTIME_DIR": parent.path])
        #expect(sockets.path.hasPrefix(parent.path))
        let mode = try FileManager.default.attributesOfItem(atPath: sockets.path)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        #expect(sockets.endpoint("embedding-gateway").utf8.count <= 107 + "ipc://".count)
        sockets.remove()
        #expect(!FileManager.default.fileExists(atPath: sockets.path))
    }

    @Test func aLongTemporaryPathIsPassedOver() throws {
        let long = "/" + String(repeating: "x", count: 120)
        let sockets = try SocketFolder.make(environment: ["XDG_RUNTIME_DIR": long])
        defer { sockets.remove() }
        #expect(!sockets.path.hasPrefix(long))
    }
}
