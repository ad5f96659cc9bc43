import ClusterLogic
import Testing

/// Hosts that are lost, that join, and that come again.
@Suite struct TakeoverTests {
    private func holders(_ course: Course) -> [UInt32] { course.machine.table.leases.map(\.host) }

    @Test func aLostHostLosesItsPartitionsToTheOthersInTheMiddleOfARound() throws {
        var course = Course(plan(hosts: 2, partitions: 3))
        course.playToRound(1)
        course.finish([0, 1])
        let before = course.machine.table.leases
        course.actions = []
        course.handle(.hostLost(host: 1))
        guard case .grant(let granted) = course.asked else {
            Issue.record("nothing is granted")
            return
        }
        // What host 0 holds stays as it is; what host 1 held, the finished one, too, gets a new epoch.
        #expect(granted.map(\.partition) == [1, 3])
        #expect(granted.allSatisfy { $0.host == 0 && $0.epoch > before[1].epoch })
        #expect(course.commands.isEmpty, "nobody hears of a grant that is not written")
        course.answer()
        #expect(course.commands.map(\.hosts) == [[0], [0]])
        let map = try #require(course.toldMap)
        #expect(map.leases == course.machine.table.leases && map.hosts == [0])
        #expect(course.commands.last?.command == .start(round: 1, time: 0))
        course.finish([2])
        #expect(course.machine.stage == .running(1), "partition 1 finished under a lease that is gone")
        course.finish([1])
        #expect(course.machine.stage == .merging(1))
    }

    @Test func theLossOfAnHeirBeforeItsLeaseIsWrittenMovesItsPartitionsOn() {
        var course = Course(plan(hosts: 3, partitions: 5))
        course.playToRound(1)
        course.handle(.hostLost(host: 0))
        course.actions = []
        course.handle(.hostLost(host: 1))
        #expect(course.actions.isEmpty, "one request at a time")
        course.answer()
        #expect(course.commands.isEmpty, "a map with a lost host is told to nobody")
        #expect(Set(holders(course)) == [2])
        course.answer()
        #expect(course.commands.map(\.hosts) == [[2], [2]])
    }

    @Test func withoutAnyHostTheRunWaitsForOneAndGivesItEverything() {
        var course = Course(plan(hosts: 1))
        course.playToRound(1)
        course.actions = []
        course.handle(.hostLost(host: 0))
        #expect(course.machine.activity == .waitingForHosts)
        #expect(course.actions.isEmpty)
        #expect(course.register("host-0", incarnation: 8) == .accepted(host: 1, actions: course.actions))
        #expect(course.machine.activity == .running)
        course.answer()
        #expect(Set(holders(course)) == [1])
        #expect(course.commands.last?.command == .start(round: 1, time: 0))
    }

    @Test func theEnvironmentsTurnGoesOnAtItsNewHolder() {
        var course = Course(plan(hosts: 2, partitions: 2))
        course.playToRound(1)
        course.finishAll()
        course.answer(.merged(roots: 2, failed: 0))
        #expect(course.machine.table.environmentHolder == 0)
        course.actions = []
        course.handle(.hostLost(host: 0))
        course.answer()
        #expect(course.commands.last?.command == .environment(round: 1))
        #expect(course.commands.last?.hosts == [1])
        course.handle(.report(.environmentFinished(round: 1), host: 0))
        #expect(course.asked == nil, "the old holder has no say")
        course.handle(.report(.environmentFinished(round: 1), host: 1))
        #expect(course.asked == .close(1, time: 0))
    }

    @Test func aHostThatJoinsGetsItsShareWhenTheRoundHasClosed() {
        var course = Course(plan(hosts: 1, hasEnvironment: false, partitions: 7))
        course.playToRound(1)
        course.actions = []
        #expect(course.register("new") == .accepted(host: 1, actions: []))
        course.finishAll()
        course.answer(.merged(roots: 1, failed: 0))
        #expect(course.commands.isEmpty)
        course.answer()
        guard case .grant(let moved) = course.asked else {
            Issue.record("nothing moves")
            return
        }
        #expect(moved.count == 4 && moved.allSatisfy { $0.host == 1 })
        course.answer()
        #expect(course.toldMap?.hosts == [0, 1])
    }

    @Test func aHostThatRegistersAgainHearsWhatItShouldDo() throws {
        var course = Course(plan(hosts: 2))
        course.playToRound(1)
        let map = try #require(course.toldMap)
        #expect(
            course.register("host-1")
                == .accepted(
                    host: 1,
                    actions: [.send(.lease(map), to: [1]), .send(.start(round: 1, time: 0), to: [1])]))
    }

    @Test func anotherStartOfAHostIsLetInOnceTheOldOneIsLost() {
        var course = Course(plan(hosts: 2))
        course.playToRound(1)
        guard case .later = course.register("host-1", incarnation: 8) else {
            Issue.record("two hosts of one name")
            return
        }
        course.handle(.hostLost(host: 1))
        guard case .accepted(2, _) = course.register("host-1", incarnation: 8) else {
            Issue.record("the new start is refused")
            return
        }
        guard case .fenced = course.register("host-1", incarnation: 7) else {
            Issue.record("a lost incarnation is back")
            return
        }
        #expect(course.machine.host(named: "host-1") == 2)
    }

    @Test func aHostThatCannotGoOnByItselfIsDismissedAndOthersGoOn() {
        var course = Course(plan(hosts: 2))
        course.playToRound(1)
        course.actions = []
        course.handle(.hostFailed(host: 1, reason: "fenced", local: true))
        #expect(course.actions.first == .dismiss(1, reason: "fenced"))
        #expect(Set(holders(course)) == [0])
        #expect(course.machine.ending == nil)
    }

    @Test func threeHostsInARowThatCannotGoOnEndTheRun() {
        var course = Course(plan(hosts: 4))
        course.playToRound(1)
        for host in 0..<2 as Range<UInt32> {
            course.handle(.hostFailed(host: host, reason: "no gateway", local: true))
            course.answer()
        }
        var better = course
        course.handle(.hostFailed(host: 2, reason: "no gateway", local: true))
        #expect(course.machine.ending == .failed("no gateway"))
        better.finish([0])
        better.handle(.hostFailed(host: 2, reason: "no gateway", local: true))
        #expect(better.machine.ending == nil, "a partition has finished in between")
    }

    @Test func aLossWhileTheRunDrainsIsMendedSoThatTurnsInFlightCanEnd() {
        var course = Course(plan(hosts: 2))
        course.playToRound(1)
        course.handle(.stopRequested)
        course.actions = []
        course.handle(.hostLost(host: 1))
        course.answer()
        #expect(course.commands.map(\.hosts) == [[0], [0]])
        course.handle(.report(.drained(round: 1), host: 0))
        #expect(course.asked == .finish(.stopped))
    }

    @Test func aHostThatInheritsWhileTheRunDrainsTakesPartInTheRound() {
        var course = Course(plan(hosts: 2))
        course.playToRound(1)
        course.register("new")
        course.handle(.pauseRequested)
        course.actions = []
        course.handle(.hostLost(host: 1))
        course.answer()
        #expect(holders(course).contains(2), "the new host gets partitions")
        // Turns in flight at host 0 may ask its agents, which it opens only for a round that it knows of.
        #expect(course.commands.last?.command == .drain(round: 1))
        #expect(course.commands.last?.hosts == [0, 2])
        course.handle(.report(.drained(round: 1), host: 0))
        #expect(course.asked == nil)
        #expect(course.machine.commands(for: 2).contains(.send(.drain(round: 1), to: [2])))
        course.handle(.report(.drained(round: 1), host: 2))
        #expect(course.asked == .pause)
    }

    @Test func everyHostHearsOfTheEnvironmentsTurnWhichMayAskItsAgents() {
        var course = Course(plan(hosts: 3, openRound: 1, merged: true, partitions: 3))
        course.answer()
        for host in 0..<3 as Range<UInt32> { course.ready(host) }
        course.answer(.merged(roots: 2, failed: 0))
        #expect(course.commands.last?.command == .environment(round: 1))
        #expect(course.commands.last?.hosts == [0, 1, 2])
        course.actions = []
        course.handle(.hostLost(host: 2))
        course.answer()
        #expect(course.commands.last?.command == .environment(round: 1), "heirs are told that the round is merged")
        #expect(course.commands.last?.hosts == [0, 1])
        #expect(course.machine.commands(for: 1).contains(.send(.environment(round: 1), to: [1])))
        let holder = course.machine.table.environmentHolder
        course.handle(.report(.environmentFinished(round: 1), host: holder == 0 ? 1 : 0))
        #expect(course.asked == nil, "only its holder has a say")
    }
}
