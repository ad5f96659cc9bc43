import Glibc
import Testing

@testable import Support

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

@Suite struct SignalWatcherTests {
    @Test func aSignalReachesTheHandlerAndNotTheProcess() async throws {
        let caught = AsyncStream<Int32>.makeStream()
        let watcher = Guarded<SignalWatcher?>(nil)
        // On a thread of its own, because the mask stays behind.
        let starter = try OSThread(name: "starter") {
            let made = try? SignalWatcher([SIGUSR2]) { caught.continuation.yield($0) }
            watcher.withLock { $0 = made }
        }
        starter.join()
        let made = try #require(watcher.withLock { $0 })
        pthread_kill(made.thread.handle, SIGUSR2)
        for await signal in caught.stream {
            #expect(signal == SIGUSR2)
            break
        }
        made.stop()
    }
}

@Suite struct EventFDTests {
    private func isReadable(_ event: EventFD) -> Bool {
        var polled = pollfd(fd: event.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) == 1
    }

    @Test func itIsReadableFromASignalUntilItIsDrained() throws {
        let event = try EventFD()
        #expect(!isReadable(event))
        event.signal()
        event.signal()
        #expect(isReadable(event))
        event.drain()
        #expect(!isReadable(event))
    }
}

@Suite struct SystemFactsTests {
    @Test func fileSystemKindsAreToldByTheirNumbers() throws {
        #expect(FileSystemKind.kind(magic: 0x6969) == .nfs)
        #expect(FileSystemKind.kind(magic: 0x0bd0_0bd0) == .lustre)
        #expect(FileSystemKind.kind(magic: 0xff53_4d42) == .cifs)
        #expect(FileSystemKind.kind(magic: 0xfe53_4d42) == .cifs)
        #expect(FileSystemKind.kind(magic: 0x6573_5546) == .fuse)
        #expect(FileSystemKind.kind(magic: 0xef53) == .local)
        #expect(try FileSystemKind.of("/proc") == .local)
        #expect(throws: UserError.self) { try FileSystemKind.of("/no/such/folder") }
    }

    @Test func aDiskHasSpaceAndAMissingPathIsAnError() throws {
        #expect(try DiskSpace.available("/tmp") > 0)
        #expect(throws: UserError.self) { try DiskSpace.available("/no/such/folder") }
    }

    @Test func usageGrowsWithWork() {
        let before = ResourceUsage.current()
        var memory = [UInt8](repeating: 1, count: 32 << 20)
        var sum = 0
        while ResourceUsage.current().userSeconds <= before.userSeconds {
            for index in stride(from: 0, to: memory.count, by: 4096) { sum += Int(memory[index]) }
        }
        memory[sum % memory.count] = 2
        let after = ResourceUsage.current()
        #expect(after.userSeconds > before.userSeconds)
        #expect(after.residentBytes > 32 << 20)
        #expect(after.peakResidentBytes >= after.residentBytes - (1 << 20))
    }
}
