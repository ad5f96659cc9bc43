import Glibc
import Support
import Testing

@Suite struct LifelineTests {
    @Test func theHandlerRunsWhenTheWriteEndCloses() async throws {
        var lifeline: Lifeline? = try Lifeline()
        let copy = dup(lifeline?.readEnd ?? -1)
        defer { close(copy) }
        try #require(copy >= 0)
        let closed = AsyncStream<Void>.makeStream()
        try Lifeline.onClose(fd: copy) { closed.continuation.finish() }
        lifeline = nil
        for await _ in closed.stream {}
    }

    @Test func aChildThatWatchesItsLifelineLeavesWithTheParent() throws {
        var lifeline: Lifeline? = try Lifeline()
        let pid = try ChildProcess.spawn(
            executable: "/bin/sh", arguments: ["-c", "read line <&5; exit 3"], environment: [],
            inherit: [(lifeline?.readEnd ?? -1, 5)])
        #expect(ChildProcess.poll(pid) == nil)
        lifeline = nil
        #expect(ChildProcess.wait(pid) == .exited(3))
    }
}
