import Glibc
import Testing

@testable import Support

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
