import Support
import Testing

@testable import GatewayLogic

@Suite struct CircuitBreakerTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func closed() -> CircuitBreaker {
        var breaker = CircuitBreaker(policy: FleetPolicy())
        breaker.probed()
        return breaker
    }

    @Test func aFailingServerIsTriedByOneRequestAtATimeAndNotByProbes() {
        var breaker = closed()
        for _ in 0..<3 { breaker.failed(at: start) }
        #expect(breaker.state == .open(.failing, due: start + .seconds(2)))
        let early = breaker.due(at: start + .seconds(1.9))
        #expect(early == nil && breaker.state != .trial(.failing))
        let due = breaker.due(at: start + .seconds(2))
        #expect(due == nil)
        #expect(breaker.state == .trial(.failing))
        breaker.failed(at: start + .seconds(2))
        #expect(breaker.state == .open(.failing, due: start + .seconds(4)))
        _ = breaker.due(at: start + .seconds(4))
        breaker.answered(sentAt: start + .seconds(4))
        #expect(breaker.state == .closed)
    }

    @Test func anAnswerFromBeforeAFailureDoesNotForgiveIt() {
        var breaker = closed()
        for _ in 0..<3 {
            breaker.failed(at: start)
            breaker.answered(sentAt: Instant(nanoseconds: 0))
        }
        #expect(breaker.cause == .failing)
        var other = closed()
        for second in 0..<10 as Range<UInt64> {
            other.failed(at: start + .seconds(Double(second)))
            other.answered(sentAt: start + .seconds(Double(second)))
        }
        #expect(other.state == .closed)
    }

    @Test func aServerThatMostlyFailsIsOutAlthoughSomeAnswersCome() {
        var breaker = closed()
        for step in 0..<200 as Range<UInt64> where breaker.state == .closed {
            let now = start + .milliseconds(step)
            if step % 3 == 2 { breaker.answered(sentAt: now) } else { breaker.failed(at: now) }
        }
        #expect(breaker.cause == .failing)
    }

    @Test func manyConnectionsThatBreakAtOnceAreOneLossAndAProbeDecides() {
        var breaker = closed()
        for _ in 0..<20 { breaker.lost(at: start) }
        let kind = breaker.due(at: start)
        #expect(kind == .health)
        breaker.probed()
        #expect(breaker.state == .closed)
    }

    @Test func aServerThatBreaksEveryRequestAndAnswersEveryProbeIsFailing() {
        var breaker = closed()
        for _ in 0..<3 {
            breaker.lost(at: start)
            if breaker.due(at: start) != nil { breaker.probed() }
        }
        #expect(breaker.cause == .failing)
    }

    @Test func probesOfAServerThatIsGoneBackOffAndNeverStandTooFarApart() {
        var breaker = closed()
        breaker.unreachable(at: start)
        var waits: [Double] = []
        var now = start
        for _ in 0..<6 {
            let before = now
            while breaker.due(at: now) == nil { now = now + .milliseconds(10) }
            waits.append(now.since(before).seconds)
            breaker.probeFailed(.unreachable, at: now)
        }
        #expect(waits == [0, 0.25, 0.5, 1, 1.5, 1.5])
        _ = breaker.due(at: now + .seconds(2))
        breaker.probed()
        #expect(breaker.state == .trial(.unreachable))
    }

    @Test func onlyTheServerThatRefusesUsIsOutAndItsReasonIsKept() {
        var breaker = closed()
        breaker.misconfigured("it refuses the key", at: start)
        #expect(breaker.cause == .misconfigured("it refuses the key"))
        let kind = breaker.due(at: start + .seconds(5))
        #expect(kind == .full)
    }
}
