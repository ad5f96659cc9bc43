import Foundation
import Support
import Testing

@testable import ServiceRuntime

@Suite struct ServiceTests {
    @Test func aUserErrorIsOneLineWithItsExitCode() {
        var text = ""
        let error = UserError(
            "the port is taken", at: "tcp://127.0.0.1:1", advice: "choose another", exitCode: .osError)
        let code = Service.report(error, role: "recorder") { text += $0 }
        #expect(text == "recorder: tcp://127.0.0.1:1: the port is taken; choose another\n")
        #expect(code == .osError)
    }

    @Test func anyOtherErrorIsNamedAsABug() {
        var text = ""
        let code = Service.report(CancellationError(), role: "recorder") { text += $0 }
        #expect(text.hasPrefix("recorder: internal error: "))
        #expect(code == .software)
    }

    @Test func aFileIsReplacedAsAWhole() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gensim-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "ready").path
        try AtomicFile.write(Array("first, and longer".utf8), to: path)
        try AtomicFile.write(Array("second".utf8), to: path, mode: 0o600)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "second")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["ready"])
    }

    @Test func aFolderThatIsNotThereIsAUserError() {
        #expect(throws: UserError.self) { try AtomicFile.write([1], to: "/nonexistent/folder/file") }
    }

    @Test func aProgramIsFoundInThePath() throws {
        #expect(try ProgramPath.find("sh", path: "/nonexistent:/bin") == "/bin/sh")
        #expect(throws: UserError.self) { try ProgramPath.find("no-such-program-here", path: "/bin") }
    }

    @Test func theFolderOfOurProgramsCanBeSetByTheEnvironment() throws {
        #expect(try ProgramPath.ownFolder(environment: ["GENSIM_BIN": "/opt/gensim"]) == "/opt/gensim")
        #expect(try ProgramPath.ownFolder(environment: [:]).hasPrefix("/"))
    }
}
