import Support
import Testing

@testable import AgentHostRole

@Suite struct LeaseWatchTests {
    private final class TestClock: MonotonicClock {
        private let time = Guarded(Instant(nanoseconds: 0))
        func now() -> Instant { time.withLock { $0 } }
        func advance(_ span: Span) { time.withLock { $0 = $0 + span } }
    }

    @Test func aStalledHostIsNotSureUntilASignOfLifeSentAfterwardsIsAcknowledged() {
        let clock = TestClock()
        let watch = LeaseWatch(lease: .seconds(6), since: clock.now(), clock: clock) { _ in }
        let early = watch.ask()
        #expect(early == clock.now())
        #expect(watch.ask() == nil, "one is under way")
        clock.advance(.seconds(5))
        #expect(watch.isSure)
        clock.advance(.seconds(1))
        #expect(!watch.isSure)
        // The answer to what was sent before the stall tells nothing of the time since.
        if let early { watch.answered(early, isAcknowledged: true) }
        #expect(!watch.isSure)
        guard let late = watch.ask() else {
            Issue.record("nothing is under way")
            return
        }
        watch.answered(late, isAcknowledged: false)
        #expect(!watch.isSure)
        guard let again = watch.ask() else { return }
        watch.answered(again, isAcknowledged: true)
        #expect(watch.isSure)
    }

    @Test func whoeverWaitsGoesOnOnceTheHostIsSure() async throws {
        let clock = TestClock()
        let watched = Guarded<LeaseWatch?>(nil)
        let watch = LeaseWatch(lease: .seconds(1), since: clock.now(), clock: clock) { _ in
            guard let watch = watched.withLock({ $0 }), let sent = watch.ask() else { return }
            watch.answered(sent, isAcknowledged: true)
        }
        watched.withLock { $0 = watch }
        clock.advance(.seconds(2))
        try await watch.wait()
        #expect(watch.isSure)
    }
}
