import Support
import Testing

@Suite struct WorkMeterTests {
    @Test func whatIsMeasuredAddsUpAndTheTimeBetweenDoesNotCount() {
        let time = Guarded(UInt64(100))
        let meter = WorkMeter { Span(nanoseconds: time.withLock { $0 }) }
        let pass = { (nanoseconds: UInt64) in time.withLock { $0 += nanoseconds } }
        meter.measure { pass(3) }
        pass(1000)
        meter.measure { pass(4) }
        meter.add(Span(nanoseconds: 5))
        #expect(meter.total == Span(nanoseconds: 12))
    }

    @Test func theTimeOfAThreadGrowsWithItsWork() {
        let before = ThreadTime.now()
        var sum: UInt64 = 0
        while ThreadTime.now() == before { sum &+= 1 }
        #expect(ThreadTime.now() > before)
    }
}
