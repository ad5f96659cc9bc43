import Glibc
import Support
import TestKit
import Testing

@testable import CoordinatorRole

@Suite(.timeLimit(.minutes(1))) struct WhilePlayedTests {
    private func write(_ pid: Int32?, to folder: String) throws {
        let file = RunFile(
            run: "first", version: "1", pid: pid, hosts: 1, sockets: "/tmp/x", endpoints: [:], servers: .init())
        try file.write(to: folder)
    }

    private func hang() async throws -> Int {
        while true { try await Task.sleep(for: .seconds(3600)) }
    }

    @Test func anAnswerThatWillNeverComeIsGivenUpOnceTheCoordinatorHasLeft() async throws {
        let folder = try TemporaryFolder()
        try write(getpid(), to: folder.path)
        let answer = try await whilePlayed(folder.path, every: .milliseconds(1)) { [folder] in
            try write(nil, to: folder.path)
            return try await hang()
        }
        #expect(answer == nil)
    }

    @Test func anAnswerComesThrough() async throws {
        let folder = try TemporaryFolder()
        try write(getpid(), to: folder.path)
        #expect(try await whilePlayed(folder.path) { 7 } == 7)
    }

    @Test func aFailureIsToldOnlyWhileSomebodyPlays() async throws {
        let folder = try TemporaryFolder()
        try write(getpid(), to: folder.path)
        await #expect(throws: UserError.self) {
            try await whilePlayed(folder.path) { () -> Int in
                throw UserError("no answer", at: "here", exitCode: .unavailable)
            }
        }
        let answer = try await whilePlayed(folder.path) { [folder] () -> Int in
            try write(nil, to: folder.path)
            throw UserError("no answer", at: "here", exitCode: .unavailable)
        }
        #expect(answer == nil)
    }
}
