import ClusterLogic
import Testing

/// Pause, continue and stop.
@Suite struct PauseTests {
    /// A run that is paused in the middle of its first round.
    private func paused() -> Course {
        var course = Course(plan(hosts: 2))
        course.playToRound(1)
        course.handle(.pauseRequested)
        course.handle(.report(.drained(round: 1), host: 0))
        course.handle(.report(.drained(round: 1), host: 1))
        course.answer()
        course.actions = []
        return course
    }

    @Test func aPauseDrainsAndIsWrittenDown() {
        var course = Course(plan(hosts: 2))
        course.playToRound(1)
        course.actions = []
        course.handle(.pauseRequested)
        #expect(course.actions == [.send(.drain(round: 1), to: [0, 1])])
        #expect(course.machine.activity == .pausing)
        course.handle(.report(.drained(round: 1), host: 0))
        #expect(course.asked == nil)
        course.handle(.report(.drained(round: 1), host: 1))
        #expect(course.asked == .pause)
        course.answer()
        #expect(course.machine.activity == .paused)
        course.handle(.pauseRequested)
        #expect(course.asked == nil)
    }

    @Test func aPausedRunGoesOnWhereItStood() {
        var course = paused()
        course.handle(.continueRequested)
        #expect(course.asked == .proceed)
        #expect(course.commands.isEmpty)
        course.answer()
        #expect(course.actions.last == .send(.start(round: 1, time: 0), to: [0, 1]))
        course.handle(.continueRequested)
        #expect(course.machine.stage == .running(1))
    }

    @Test func whatFinishedBeforeAPauseNeedNotFinishAgain() {
        var course = paused()
        let leases = course.machine.table.leases
        for host in 0..<2 as Range<UInt32> {
            course.handle(.report(.finished(round: 1, leases: leases.filter { $0.host == host }), host: host))
        }
        course.handle(.continueRequested)
        course.answer()
        #expect(course.asked == .merge(1, time: 0))
    }

    @Test func aHostThatIsLostInAPauseIsReplacedWhenTheRunGoesOn() {
        var course = paused()
        course.handle(.hostLost(host: 0))
        #expect(course.asked == nil)
        course.handle(.continueRequested)
        course.answer()
        guard case .grant = course.asked else {
            Issue.record("nothing is granted")
            return
        }
        course.answer()
        #expect(course.commands.last?.command == .start(round: 1, time: 0))
        #expect(course.commands.last?.hosts == [1])
    }

    @Test func aStopOfAPausedRunEndsAtOnce() {
        var course = paused()
        course.handle(.stopRequested)
        #expect(course.asked == .finish(.stopped))
    }

    @Test func aPauseBetweenTurnsTakesEffectBeforeTheNextTurnStarts() {
        var course = Course(plan(hosts: 2))
        course.handle(.pauseRequested)
        course.answer()
        #expect(course.asked == .pause, "before the first round")

        course = Course(plan(hosts: 2))
        course.playToRound(1)
        course.finishAll()
        course.handle(.pauseRequested)
        course.answer(.merged(roots: 1, failed: 0))
        #expect(course.asked == .pause, "before the environment's turn")
        course.answer()
        course.handle(.continueRequested)
        course.answer()
        #expect(course.commands.last?.command == .environment(round: 1))
        course.handle(.pauseRequested)
        course.handle(.report(.environmentFinished(round: 1), host: course.machine.table.environmentHolder ?? 9))
        #expect(course.asked == .close(1, time: 0), "the environment's turn was in flight")
        course.answer()
        #expect(course.asked == .pause, "before the next round")
    }

    @Test func goingOnBeforeEverythingHasDrainedStartsTheRoundAgain() {
        var course = Course(plan(hosts: 1))
        course.playToRound(1)
        course.handle(.pauseRequested)
        course.handle(.continueRequested)
        course.actions = []
        course.handle(.report(.drained(round: 1), host: 0))
        #expect(course.actions == [.send(.start(round: 1, time: 0), to: [0])])
    }

    @Test func aWishThatIsTakenBackWhileItIsWrittenIsTakenBackInWriting() {
        var course = Course(plan(hosts: 1))
        course.playToRound(1)
        course.handle(.pauseRequested)
        course.handle(.report(.drained(round: 1), host: 0))
        course.handle(.continueRequested)
        course.answer()
        #expect(course.asked == .proceed)
        course.handle(.pauseRequested)
        course.answer()
        #expect(course.asked == .pause)
    }
}
