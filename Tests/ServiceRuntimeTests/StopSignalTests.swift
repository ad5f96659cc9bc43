import ServiceRuntime
import Support
import Testing

@Suite struct StopSignalTests {
    @Test func everyoneWhoWaitsIsWokenWithTheFirstReason() async {
        let stop = StopSignal()
        async let first = stop.wait()
        async let second = stop.wait()
        #expect(stop.request(.signal(15)))
        #expect(!stop.request(.lifelineClosed))
        #expect(await first == .signal(15))
        #expect(await second == .signal(15))
        #expect(await stop.wait() == .signal(15))
    }

    @Test func aCancelledWaitEndsWithoutAReason() async {
        let stop = StopSignal()
        let waiting = Task { await stop.wait() }
        waiting.cancel()
        #expect(await waiting.value == nil)
        #expect(stop.reason == nil)
    }

    @Test func handlersRunOnceAlsoWhenTheyComeLate() {
        let stop = StopSignal()
        let calls = Guarded<[StopReason]>([])
        stop.onRequest { reason in calls.withLock { $0.append(reason) } }
        stop.request(.requested)
        stop.request(.requested)
        stop.onRequest { reason in calls.withLock { $0.append(reason) } }
        #expect(calls.withLock { $0 } == [.requested, .requested])
    }
}
