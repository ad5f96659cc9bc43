import ClusterLogic
import Model
import Testing

/// The course of a run in which nobody is lost, and its ends.
@Suite struct RoundMachineTests {
    @Test func leasesAreWrittenOnceTheLastHostHasRegistered() {
        var machine = RoundMachine(plan: plan(hosts: 2))
        #expect(machine.register(name: "b", incarnation: 1) == .accepted(host: 0, actions: []))
        guard case .accepted(1, let actions) = machine.register(name: "a", incarnation: 1),
            case .record(1, .grant(let leases)) = actions.first
        else {
            Issue.record("no leases")
            return
        }
        #expect(leases.count == 17)
        // By name: `a`, the second to come, gets the first partition.
        #expect(leases[0].host == 1)
        #expect(machine.table.environmentHolder == 1)
    }

    @Test func aRoundMergesOnceEveryPartitionHasFinished() {
        var course = Course(plan(hosts: 2, partitions: 3))
        course.playToRound(1)
        course.finish([0, 1])
        #expect(course.machine.stage == .running(1))
        course.finish([2])
        #expect(course.asked == .merge(1, time: 0))
    }

    @Test func thePartitionsOfAnotherHostOrEpochDoNotCount() {
        var course = Course(plan(hosts: 2, partitions: 2))
        course.playToRound(1)
        let leases = course.machine.table.leases
        var (foreign, old) = (leases[1], leases[0])
        foreign.host = leases[0].host
        old.epoch -= 1
        course.handle(.report(.finished(round: 1, leases: [leases[1], foreign, old]), host: leases[0].host))
        course.handle(.report(.finished(round: 2, leases: leases), host: leases[0].host))
        course.handle(.report(.finished(round: 1, leases: [Lease(partition: 99, epoch: 1, host: 0)]), host: 0))
        course.finish([1])
        #expect(course.machine.stage == .running(1))
        course.finish([0])
        #expect(course.machine.stage == .merging(1))
    }

    @Test func theScenarioMayEndTheRunBeforeItsLastRound() {
        var course = Course(plan(hosts: 1, hasEnvironment: false))
        course.playToRound(1)
        course.finishAll()
        course.answer(.merged(roots: 1, failed: 0))
        course.answer(.closed(isLast: true))
        #expect(course.asked == .finish(.finished))
    }

    @Test func aClosedRoundIsToldByTheMapAndTheNextOpensWhenEverybodyIsReady() throws {
        var course = Course(plan(hosts: 2, hasEnvironment: false))
        course.playToRound(1)
        course.finishAll()
        course.answer(.merged(roots: 1, failed: 0))
        course.actions = []
        course.answer()
        let map = try #require(course.toldMap)
        #expect(map.grant == 2 && map.closedRound == 1)
        // Nothing has moved: nothing is written.
        #expect(course.asked == nil)
        course.ready(0)
        course.handle(.report(.ready(grant: 1, round: 0), host: 1))
        #expect(course.machine.stage == .loading)
        course.ready(1)
        #expect(course.asked == .open(2, time: 86_400))
    }

    @Test func echoesChangeNothing() {
        var course = Course(plan(hosts: 2))
        course.playToRound(1)
        let before = course.machine.stage
        course.actions = []
        let reports: [RoundMachine.Report] = [
            .ready(grant: 9, round: 9), .finished(round: 9, leases: course.machine.table.leases),
            .environmentFinished(round: 1), .drained(round: 1),
        ]
        for report in reports {
            course.handle(.report(report, host: 0))
            course.handle(.report(report, host: 77))
        }
        course.handle(.recorded(1, .done))
        course.handle(.continueRequested)
        course.handle(.drainExpired)
        #expect(course.machine.stage == before)
        #expect(course.actions.isEmpty)
    }

    @Test func aStopDrainsEveryHostBeforeTheRunEnds() {
        var course = Course(plan(hosts: 2))
        course.playToRound(1)
        course.actions = []
        course.handle(.stopRequested)
        #expect(course.actions == [.send(.drain(round: 1), to: [0, 1])])
        course.handle(.report(.drained(round: 1), host: 0))
        course.handle(.report(.drained(round: 1), host: 0))
        #expect(course.asked == nil)
        course.handle(.report(.drained(round: 1), host: 1))
        #expect(course.asked == .finish(.stopped))
        course.answer()
        #expect(course.actions.last == .end(.stopped))
    }

    @Test func aHostThatFailsWhileTheRunDrainsIsNotWaitedFor() {
        var course = Course(plan(hosts: 2))
        course.playToRound(1)
        course.handle(.stopRequested)
        course.handle(.hostFailed(host: 0, reason: "no key", local: false))
        course.handle(.report(.drained(round: 1), host: 1))
        #expect(course.asked == .finish(.stopped))
    }

    @Test func aProblemWaitsForDrainingNoLongerThanItsLimit() {
        var course = Course(plan(hosts: 2))
        course.playToRound(1)
        course.handle(.hostFailed(host: 0, reason: "no key", local: false))
        #expect(course.actions.last == .limitDrain)
        course.handle(.drainExpired)
        #expect(course.asked == .finish(.failed("no key")))
    }

    @Test func failuresAboveTheRateEndTheRunAfterTheRoundIsClosed() {
        var course = Course(plan(hosts: 1, hasEnvironment: false))
        course.playToRound(1)
        course.finishAll()
        course.answer(.merged(roots: 100, failed: 6))
        #expect(course.asked == .close(1, time: 0))
        course.answer()
        guard case .finish(.failed(let reason)) = course.asked else {
            Issue.record("the run goes on")
            return
        }
        #expect(reason.contains("6 of 100"))
    }

    @Test func failuresAtTheRateLetTheRunGoOn() {
        var course = Course(plan(hosts: 1, hasEnvironment: false))
        course.playToRound(1)
        course.finishAll()
        course.answer(.merged(roots: 100, failed: 5))
        course.answer()
        #expect(course.machine.stage == .loading)
    }

    @Test func aMergedRoundIsResumedWithoutItsTurns() {
        var course = Course(plan(hosts: 1, closedRound: 1, openRound: 2, merged: true))
        course.answer()
        course.ready(0)
        #expect(course.asked == .merge(2, time: 86_400))
    }

    @Test func aStopWhileTheLastRoundClosesLeavesAFinishedRun() {
        var course = Course(plan(hosts: 1, rounds: 1, hasEnvironment: false))
        course.playToRound(1)
        course.finishAll()
        course.answer(.merged(roots: 1, failed: 0))
        course.handle(.stopRequested)
        course.answer()
        #expect(course.asked == .finish(.finished))
    }
}
