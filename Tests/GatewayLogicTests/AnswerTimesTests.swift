import Support
import Testing

@testable import GatewayLogic

@Suite struct AnswerTimesTests {
    @Test func classesFollowTheLengthOfAnswers() {
        #expect(
            [1, 2, 4, 5, 16, 17, 64, 256, 1_024, 100_000].map { AnswerClass(tokens: $0).index }
                == [0, 1, 1, 2, 2, 3, 3, 4, 5, 6])
        #expect(AnswerClass(tokens: 0).index == 6)
        #expect(AnswerClass(tokens: .max).index == 6)
    }

    @Test func quantilesLieWithinAQuarterOfWhatWasSeen() throws {
        var histogram = TimeHistogram()
        #expect(histogram.quantile(50) == nil)
        for milliseconds in 1...1_000 as ClosedRange<UInt64> { histogram.record(.milliseconds(milliseconds)) }
        for hundredths in [10, 50, 95, 99, 100] {
            let found = try #require(histogram.quantile(hundredths))
            let exact = Double(hundredths) / 100
            #expect(found.seconds >= exact && found.seconds <= exact * 1.26, "\(hundredths) %: \(found.seconds)")
        }
    }

    @Test func anyLengthOfTimeIsTaken() {
        var histogram = TimeHistogram()
        for nanoseconds in [0, 1, 7, .max] as [UInt64] {
            histogram.record(Span(nanoseconds: nanoseconds))
            #expect(histogram.quantile(100) != nil)
        }
    }

    @Test func newTimesReplaceOldOnes() throws {
        var histogram = TimeHistogram()
        for _ in 0..<10_000 { histogram.record(.milliseconds(10)) }
        for _ in 0..<10_000 { histogram.record(.milliseconds(500)) }
        #expect(try #require(histogram.quantile(10)).seconds > 0.4)
    }

    @Test func theLimitOfSilenceFollowsEachClassAndIsLongWhileNothingIsKnown() {
        let policy = FleetPolicy()
        var times = AnswerTimes(policy: policy)
        let short = AnswerClass(tokens: 1)
        let long = AnswerClass(tokens: 2_000)
        #expect(times.quietLimit(short) == policy.quietUnknown)
        for _ in 0..<100 {
            times.record(.milliseconds(20), of: short)
            times.record(.seconds(10), of: long)
        }
        times.refresh()
        #expect(times.quietLimit(short) == policy.quietLeast)
        #expect((40...52).contains(times.quietLimit(long).seconds))
    }

    @Test func aBudgetAllowsItsShareAndWhatTimeBrings() {
        var budget = ShareBudget(percent: 20, perSecond: 0, burst: 10)
        var now = Instant(nanoseconds: 5)
        for _ in 0..<50 { budget.earn() }
        let taken = (0..<100).filter { _ in budget.spend(at: now) }.count
        #expect(taken == 10)
        for _ in 0..<14 { budget.earn() }
        #expect((0..<100).filter { _ in budget.spend(at: now) }.count == 2)

        var timed = ShareBudget(percent: 0, perSecond: 5, burst: 3)
        var allowed = 0
        for _ in 0..<10_000 {
            now = now + .milliseconds(1)
            if timed.spend(at: now) { allowed += 1 }
        }
        #expect((52...54).contains(allowed), "\(allowed)")
    }
}
