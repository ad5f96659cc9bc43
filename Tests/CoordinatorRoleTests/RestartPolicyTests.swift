import Support
import Testing

@testable import CoordinatorRole

@Suite struct RestartPolicyTests {
    private let killed = ChildProcess.ExitStatus.signalled(9)

    @Test func aProcessThatIsKilledIsStartedAgainAtOnce() {
        var policy = RestartPolicy()
        #expect(policy.ended(killed, lived: .seconds(5)) == .restart(after: .seconds(0)))
        #expect(policy.ended(killed, lived: .seconds(0.1)) == .restart(after: .seconds(0)))
    }

    @Test func whoeverDiesYoungWaitsLongerEachTimeAndIsGivenUpInTheEnd() {
        var policy = RestartPolicy()
        var waits: [Span] = []
        for _ in 1..<RestartPolicy.mostYoungDeaths {
            guard case .restart(let wait) = policy.ended(killed, lived: .milliseconds(10)) else {
                Issue.record("given up too early")
                return
            }
            waits.append(wait)
        }
        #expect(waits == [.milliseconds(0), .milliseconds(100), .milliseconds(200), .milliseconds(400)])
        guard case .giveUp(let reason) = policy.ended(killed, lived: .milliseconds(10)) else {
            Issue.record("started again for ever")
            return
        }
        #expect(reason == "it died 5 times within 2 seconds of its start")
    }

    @Test func aTrapInCodeOfTurnsIsNoEndOfTheProcess() {
        var policy = RestartPolicy()
        for _ in 0..<2 * RestartPolicy.mostEnds {
            #expect(
                policy.ended(.signalled(4), lived: .milliseconds(10), hasNotedTurns: true)
                    == .restart(after: .seconds(0)))
        }
        // What came before counts on.
        for _ in 1..<RestartPolicy.mostEnds { _ = policy.ended(.signalled(4), lived: .seconds(3)) }
        #expect(
            policy.ended(.signalled(4), lived: .milliseconds(10), hasNotedTurns: true) == .restart(after: .seconds(0)))
        guard case .giveUp = policy.ended(.signalled(4), lived: .seconds(3)) else {
            Issue.record("started again for ever")
            return
        }
    }

    @Test func veryManyTurnsThatTrapInARowAreForAPersonToMend() {
        var policy = RestartPolicy()
        func trap(after lived: Span) -> RestartPolicy.Verdict {
            policy.ended(.signalled(4), lived: lived, hasNotedTurns: true)
        }
        for _ in 1..<RestartPolicy.mostTraps { #expect(trap(after: .seconds(1)) == .restart(after: .seconds(0))) }
        // A healthy life in between: they begin to count anew.
        for _ in 1..<RestartPolicy.mostTraps {
            #expect(trap(after: RestartPolicy.healthy) == .restart(after: .seconds(0)))
        }
        for _ in 2..<RestartPolicy.mostTraps { #expect(trap(after: .seconds(1)) == .restart(after: .seconds(0))) }
        guard case .giveUp(let reason) = trap(after: .seconds(1)) else {
            Issue.record("started again for ever")
            return
        }
        #expect(reason.contains("mend the scenario"))
    }

    @Test func aTrapForWhichNoTurnIsToBlameIsADeathLikeAnyOther() {
        var policy = RestartPolicy()
        for _ in 1..<RestartPolicy.mostYoungDeaths { _ = policy.ended(.signalled(4), lived: .milliseconds(10)) }
        guard case .giveUp = policy.ended(.signalled(4), lived: .milliseconds(10)) else {
            Issue.record("started again for ever")
            return
        }
    }

    @Test func aLongerLifeEndsTheRowOfYoungDeaths() {
        var policy = RestartPolicy()
        for _ in 0..<4 {
            for _ in 0..<3 { _ = policy.ended(killed, lived: .milliseconds(10)) }
            #expect(policy.ended(killed, lived: .seconds(3)) == .restart(after: .seconds(0)))
        }
    }

    @Test func manyEndsWithoutAHealthyLifeAreTooMany() {
        var policy = RestartPolicy()
        for _ in 1..<RestartPolicy.mostEnds {
            #expect(policy.ended(killed, lived: .seconds(3)) == .restart(after: .seconds(0)))
        }
        var hopeless = policy
        guard case .giveUp = hopeless.ended(killed, lived: .seconds(3)) else {
            Issue.record("started again for ever")
            return
        }
        #expect(policy.ended(killed, lived: RestartPolicy.healthy) == .restart(after: .seconds(0)))
    }

    @Test(arguments: [64, 65, 66, 73, 74, 78] as [Int32]) func whatAPersonMustMendIsNotTriedAgain(code: Int32) {
        var policy = RestartPolicy()
        guard case .giveUp = policy.ended(.exited(code), lived: .seconds(100)) else {
            Issue.record("exit code \(code) was tried again")
            return
        }
    }

    @Test(arguments: [0, 1, 70, 71, 75] as [Int32]) func anyOtherEndIsTriedAgain(code: Int32) {
        var policy = RestartPolicy()
        #expect(policy.ended(.exited(code), lived: .seconds(100)) == .restart(after: .seconds(0)))
    }

    @Test func whatCouldNotBeStartedIsTriedAgainAfterAWaitAndGivenUpInTheEnd() {
        var policy = RestartPolicy()
        for _ in 1..<RestartPolicy.mostYoungDeaths {
            guard case .restart(let wait) = policy.didNotStart() else {
                Issue.record("it was given up at once")
                return
            }
            #expect(wait >= RestartPolicy.firstWait)
        }
        #expect(policy.didNotStart() == .giveUp("it could not be started \(RestartPolicy.mostYoungDeaths) times"))
    }
}
