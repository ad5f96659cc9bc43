import ClusterLogic
import Testing

@Suite struct RoundMachineTests {
    /// A machine with two hosts that stands in the phase after the given events.
    private func machine(_ plan: RunPlan = plan(hosts: 2), after events: [RoundMachine.Event] = []) -> RoundMachine {
        var machine = RoundMachine(plan: plan)
        for number in 0..<plan.hosts { _ = machine.register(name: "host-\(number)", incarnation: 7) }
        for event in events { _ = machine.handle(event) }
        return machine
    }

    private let running: [RoundMachine.Event] = [
        .leasesRecorded, .step(.ready, host: 0, round: 0), .step(.ready, host: 1, round: 0), .roundOpened(1),
    ]

    @Test func leasesAreWrittenOnceTheLastHostHasRegistered() {
        var machine = RoundMachine(plan: plan(hosts: 2))
        #expect(machine.register(name: "b", incarnation: 1) == .accepted(host: 0, actions: []))
        guard case .accepted(1, let actions) = machine.register(name: "a", incarnation: 1),
            case .recordLeases(let leases) = actions.first
        else {
            Issue.record("no leases")
            return
        }
        #expect(leases.count == 17)
        // By name: `a`, the second to come, gets the first partition.
        #expect(leases[0].host == 1)
        #expect(machine.table.environmentHolder == 1)
    }

    @Test func aHostThatRegistersAgainGetsThePresentCommandAgain() {
        var machine = machine(after: running)
        #expect(
            machine.register(name: "host-1", incarnation: 7)
                == .accepted(host: 1, actions: [.send(.start(round: 1, time: 0), to: [1])]))
        _ = machine.handle(.step(.roundFinished, host: 1, round: 1))
        #expect(machine.register(name: "host-1", incarnation: 7) == .accepted(host: 1, actions: []))
    }

    @Test func aHostThatFailsWhileTheRunDrainsIsNotWaitedFor() {
        var machine = machine(after: running + [.stopRequested])
        #expect(machine.phase == .draining(round: 1, waiting: [0, 1]))
        #expect(machine.handle(.hostFailed(host: 0, reason: "no key")) == [])
        #expect(machine.handle(.step(.drained, host: 1, round: 1)) == [.finishRun(.stopped)])
    }

    @Test func anotherStartOfAHostIsRefused() {
        var machine = machine(after: running)
        guard case .refused = machine.register(name: "host-1", incarnation: 8) else {
            Issue.record("accepted")
            return
        }
    }

    @Test func aHostBeyondTheRunsNumberIsRefused() {
        var machine = machine(after: running)
        guard case .refused = machine.register(name: "host-9", incarnation: 1) else {
            Issue.record("accepted")
            return
        }
    }

    @Test func echoesOfOtherRoundsChangeNothing() {
        var machine = machine(after: running)
        let before = machine.phase
        for step in RoundMachine.HostStep.allCases {
            #expect(machine.handle(.step(step, host: 0, round: 9)).isEmpty)
            #expect(machine.handle(.step(step, host: 77, round: 9)).isEmpty)
        }
        #expect(machine.handle(.roundClosed(1)).isEmpty)
        #expect(machine.phase == before)
    }

    @Test func aStopDrainsEveryHostBeforeTheRunEnds() {
        var machine = machine(after: running)
        #expect(machine.handle(.stopRequested) == [.send(.drain(round: 1), to: [0, 1])])
        #expect(machine.handle(.step(.drained, host: 0, round: 1)).isEmpty)
        #expect(machine.handle(.step(.drained, host: 0, round: 1)).isEmpty)
        #expect(machine.handle(.step(.drained, host: 1, round: 1)) == [.finishRun(.stopped)])
        #expect(machine.handle(.runFinished) == [.end(.stopped)])
    }

    @Test func aLostHostDoesNotHoldTheDrainingOfTheOthers() {
        var machine = machine(after: running)
        #expect(
            machine.handle(.hostLost(host: 1, reason: "killed")) == [.send(.drain(round: 1), to: [0]), .limitDrain])
        #expect(machine.handle(.step(.drained, host: 0, round: 1)) == [.finishRun(.failed("killed"))])
    }

    @Test func aProblemWaitsForDrainingNoLongerThanItsLimit() {
        var machine = machine(after: running)
        _ = machine.handle(.hostFailed(host: 0, reason: "no key"))
        #expect(machine.handle(.drainExpired) == [.finishRun(.failed("no key"))])
    }

    @Test func failuresAboveTheRateEndTheRunAfterTheRoundIsClosed() {
        var machine = machine(
            plan(hosts: 1, hasEnvironment: false),
            after: [
                .leasesRecorded, .step(.ready, host: 0, round: 0), .roundOpened(1),
                .step(.roundFinished, host: 0, round: 1),
            ])
        #expect(machine.handle(.roundMerged(1, roots: 100, failed: 6)) == [.closeRound(1, time: 0)])
        guard case .finishRun(.failed(let reason)) = machine.handle(.roundClosed(1)).first else {
            Issue.record("the run goes on")
            return
        }
        #expect(reason.contains("6 of 100"))
    }

    @Test func failuresAtTheRateLetTheRunGoOn() {
        var machine = machine(
            plan(hosts: 1, hasEnvironment: false),
            after: [
                .leasesRecorded, .step(.ready, host: 0, round: 0), .roundOpened(1),
                .step(.roundFinished, host: 0, round: 1), .roundMerged(1, roots: 100, failed: 5),
            ])
        #expect(machine.handle(.roundClosed(1)) == [.send(.advance(round: 1), to: [0])])
    }

    @Test func aMergedRoundIsResumedWithoutItsTurns() {
        var machine = machine(plan(hosts: 1, closedRound: 1, openRound: 2, merged: true), after: [.leasesRecorded])
        #expect(machine.handle(.step(.ready, host: 0, round: 1)) == [.mergeRound(2, time: 86_400)])
    }

    @Test func aStopWhileTheLastRoundClosesLeavesAFinishedRun() {
        var machine = machine(
            plan(hosts: 1, rounds: 1, hasEnvironment: false),
            after: [
                .leasesRecorded, .step(.ready, host: 0, round: 0), .roundOpened(1),
                .step(.roundFinished, host: 0, round: 1), .roundMerged(1, roots: 1, failed: 0),
            ])
        #expect(machine.handle(.stopRequested).isEmpty)
        #expect(machine.handle(.roundClosed(1)) == [.finishRun(.finished)])
    }
}

@Suite struct LeaseTableTests {
    @Test func partitionsAreSpreadEvenlyAndTheEnvironmentHasOne() {
        var table = LeaseTable(partitions: 10, runEpoch: 1)
        let counts = Dictionary(grouping: table.grantAll(to: [0, 1, 2]), by: \.host).mapValues(\.count)
        #expect(counts.values.sorted() == [3, 4, 4])
        #expect(table.environmentHolder == 1)
    }

    @Test func everyGrantAndEveryStartRaisesTheEpoch() throws {
        var table = LeaseTable(partitions: 1, runEpoch: 1)
        let first = try #require(table.grantAll(to: [0]).first?.epoch)
        let second = try #require(table.grantAll(to: [0]).first?.epoch)
        var later = LeaseTable(partitions: 1, runEpoch: 2)
        let third = try #require(later.grantAll(to: [0]).first?.epoch)
        #expect(first < second && second < third)
    }
}
