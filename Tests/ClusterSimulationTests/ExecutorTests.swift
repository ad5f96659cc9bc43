import Hashing
import Support
import Testing

/// The executor under the simulation: async code of every kind runs on it alone, in an order that the seed gives.
@Suite struct ExecutorTests {
    /// Plays tasks, groups, streams, continuations and pauses against one another; returns what happened and the trace.
    private static func play(seed: UInt64) -> (log: [String], trace: UInt64) {
        let world = World(seed: seed)
        let life = world.begin("process")
        let log = Guarded<[String]>([])
        let say: @Sendable (String) -> Void = { line in log.withLock { $0.append(line) } }
        let (stream, post) = AsyncStream<Int>.makeStream()
        life.launcher.launch {
            for await number in stream { say("got \(number)") }
            say("stream over")
        }
        life.launcher.launch {
            let sum = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<5 {
                    group.addTask {
                        try await life.pause(.milliseconds(1))
                        post.yield(number)
                        await Task.yield()
                        return number
                    }
                }
                return try await group.reduce(0, +)
            }
            async let late = life.pause(.seconds(3))
            say("sum \(sum)")
            let inner = life.launcher.launch { try await life.pause(.seconds(60)) }
            try await late
            inner.cancel()
            do { try await inner.value } catch { say("cancelled: \(error is CancellationError)") }
            post.finish()
        }
        while world.step() {}
        return (log.withLock { $0 }, world.trace)
    }

    @Test func asyncCodeRunsWhollyOnTheSimulatedExecutor() {
        let (log, _) = Self.play(seed: 1)
        #expect(log.contains("sum 10"))
        #expect(log.contains("cancelled: true"))
        #expect(log.last == "stream over")
        #expect(log.filter { $0.hasPrefix("got") }.count == 5)
    }

    @Test func theSameSeedGivesTheSameStepsAndAnotherSeedOthers() {
        for seed in UInt64(0)..<50 {
            let (first, second) = (Self.play(seed: seed), Self.play(seed: seed))
            #expect(first.log == second.log, "seed \(seed)")
            #expect(first.trace == second.trace, "seed \(seed)")
        }
        #expect(Set((UInt64(0)..<50).map { Self.play(seed: $0).log }).count > 1)
    }

    @Test func aProcessThatDiesLeavesNoTaskBehind() {
        let world = World(seed: 7)
        let life = world.begin("process")
        let ended = Guarded(0)
        for _ in 0..<3 {
            life.launcher.launch {
                defer { ended.withLock { $0 += 1 } }
                while true { try await life.pause(.seconds(1)) }
            }
        }
        for _ in 0..<50 { _ = world.step() }
        life.end()
        #expect(ended.withLock { $0 } == 3)
    }
}
