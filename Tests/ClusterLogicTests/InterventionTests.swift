import ClusterLogic
import Hashing
import Testing

/// Interventions that come while a run is played.
@Suite struct InterventionTests {
    private let request = Digest128(high: 1, low: 2)

    private func course(hasEnvironment: Bool = false, interventions: Set<UInt32> = []) -> Course {
        var course = Course(plan(hosts: 1, hasEnvironment: hasEnvironment, interventions: interventions, partitions: 2))
        course.playToRound(1)
        course.actions = []
        return course
    }

    @Test func anInterventionIsKeptAtOnceWhileARoundRuns() {
        var course = course()
        course.handle(.interventionRequested(request))
        #expect(course.asked == .intervene(request))
        course.finishAll()
        #expect(course.asked == .intervene(request))
        course.answer()
        #expect(course.asked == .merge(1, time: 0))
    }

    @Test func aRoundWithInterventionsClosesOnlyAfterTheEnvironmentsTurn() {
        var course = course()
        course.finishAll()
        course.answer(.merged(roots: 1, failed: 0, interventions: 1))
        #expect(course.commands.last?.command == .environment(round: 1))
        #expect(course.asked == nil)
        course.handle(.report(.environmentFinished(round: 1), host: 0))
        #expect(course.asked == .close(1, time: 0))
    }

    @Test func whatTheConfigurationIntervenesInNeedsTheEnvironmentsTurnBeforeIt() {
        var course = course(interventions: [2])
        course.finishAll()
        course.answer(.merged(roots: 1, failed: 0))
        #expect(course.commands.last?.command == .environment(round: 1))
        course.handle(.report(.environmentFinished(round: 1), host: 0))
        course.answer()
        course.playToRound(2)
        course.actions = []
        course.finishAll()
        course.answer(.merged(roots: 1, failed: 0))
        #expect(course.asked == .close(2, time: 86_400))
    }

    @Test func aRequestThatComesAgainIsWrittenOnceAndAskedForAgainOnceItIsAnswered() {
        var course = course()
        course.handle(.interventionRequested(request))
        course.handle(.interventionRequested(request))
        course.answer()
        #expect(course.asked == nil)
        // The answer was lost on its way to who asked: the recorder knows what it has kept.
        course.handle(.interventionRequested(request))
        #expect(course.asked == .intervene(request))
    }

    @Test func anInterventionWaitsForTheRecorderAndForItsTurn() {
        var course = course()
        let others = (10..<13).map { Digest128(high: 0, low: $0) }
        for other in others { course.handle(.interventionRequested(other)) }
        for other in others {
            #expect(course.asked == .intervene(other))
            course.answer()
        }
        #expect(course.asked == nil)
    }

    @Test func aPausedRunTakesInterventions() {
        var course = course()
        course.handle(.pauseRequested)
        course.handle(.report(.drained(round: 1), host: 0))
        course.answer()
        #expect(course.machine.stage == .paused)
        course.handle(.interventionRequested(request))
        #expect(course.asked == .intervene(request))
        course.answer()
        #expect(course.machine.stage == .paused)
    }

    @Test func tooManyAreDeclinedAndWhatWaitsWhenTheRunEndsIsToo() {
        var course = course()
        for number in 0..<70 as Range<UInt64> { course.handle(.interventionRequested(Digest128(high: 9, low: number))) }
        #expect(course.actions.count { if case .decline = $0 { true } else { false } } == 6)
        course.actions = []
        course.handle(.recorderFailed(reason: "gone"))
        #expect(course.actions.count { if case .decline = $0 { true } else { false } } == 64)
        course.actions = []
        course.handle(.interventionRequested(request))
        #expect(course.actions == [.decline(request)])
    }

    @Test func whateverIsLostOrComesTwiceEachInterventionIsKeptOnceAndCarriedOut() {
        var kept = 0
        for seed in 0..<1000 as Range<UInt64> {
            var cluster = FakeCluster(
                plan: plan(
                    hosts: 1 + Int(seed % 3), hasEnvironment: seed % 4 == 0,
                    interventions: seed % 5 == 0 ? [2, 4] : [],
                    partitions: 1 + UInt32(seed % 5)),
                seed: seed)
            cluster.registerAll()
            cluster.run(
                disturbances: 30, [.intervene, .interveneAgain, .interveneAgain, .lose, .restart, .pause, .proceed])
            if let complaint = cluster.complaints.first { Issue.record("seed \(seed): \(complaint)") }
            #expect(cluster.outcome == .finished, "seed \(seed)")
            #expect(
                Set(cluster.requested) == Set(cluster.kept.keys).union(cluster.declined), "seed \(seed)")
            kept += cluster.kept.count
        }
        #expect(kept > 1000)
    }
}
