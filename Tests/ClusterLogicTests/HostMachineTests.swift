import ClusterLogic
import Model
import Testing

/// A host machine whose actions are kept apart by kind.
private struct Played {
    var machine = HostMachine<Int>(partitions: 4, window: 2)
    var loads: [Lease] = []
    var advances: [Lease] = []
    var drops: [Lease] = []
    var prepares: [Lease] = []
    var runs: [Int] = []
    var environments = 0
    var reports: [HostMachine<Int>.Report] = []

    mutating func take(_ event: HostMachine<Int>.Event) {
        for action in machine.handle(event) {
            switch action {
            case .drop(let leases): drops += leases
            case .load(let leases, _): loads += leases
            case .advance(let leases, _): advances += leases
            case .prepare(let lease, _, _): prepares.append(lease)
            case .run(let root, _): runs.append(root)
            case .runEnvironment: environments += 1
            case .report(let report): reports.append(report)
            case .begin, .open: break
            }
        }
    }

    /// A host that holds these partitions, loaded, in the first round.
    static func holding(_ leases: [Lease], window: Int = 2) -> Played {
        var played = Played(machine: HostMachine<Int>(partitions: 4, window: window))
        played.take(.map(grant: 1, closedRound: 0, leases: leases))
        for lease in leases { played.take(.loaded(lease, round: 0)) }
        played.take(.start(round: 1, time: 0))
        return played
    }
}

private func lease(_ partition: UInt32, epoch: UInt64 = 1) -> Lease {
    Lease(partition: partition, epoch: epoch, host: 0)
}

@Suite struct HostMachineTests {
    @Test func aHostSaysThatItIsReadyOnceEverythingIsLoaded() {
        var played = Played()
        played.take(.map(grant: 3, closedRound: 2, leases: [lease(0), lease(1)]))
        #expect(played.loads == [lease(0), lease(1)])
        played.take(.loaded(lease(0), round: 2))
        #expect(played.reports.isEmpty)
        played.take(.loaded(lease(1), round: 2))
        #expect(played.reports == [.ready(grant: 3, round: 2)])
        // Asked again it says so again; an older map is nothing to it.
        played.take(.map(grant: 3, closedRound: 2, leases: [lease(0), lease(1)]))
        played.take(.map(grant: 2, closedRound: 1, leases: []))
        #expect(played.reports == [.ready(grant: 3, round: 2), .ready(grant: 3, round: 2)])
        #expect(played.drops.isEmpty)
    }

    @Test func aPartitionIsThroughWhenItsLastRootIsDurable() {
        var played = Played.holding([lease(0), lease(1)])
        #expect(played.prepares == [lease(0), lease(1)])
        played.take(.prepared(lease(0), round: 1, first: [], then: [10, 11]))
        played.take(.prepared(lease(1), round: 1, first: [], then: []))
        #expect(played.reports.last == .finished(round: 1, leases: [lease(1)]))
        played.take(.rootDurable(lease(0)))
        #expect(played.reports.last == .finished(round: 1, leases: [lease(1)]))
        played.take(.rootDurable(lease(0)))
        #expect(played.reports.last == .finished(round: 1, leases: [lease(0)]))
        played.take(.start(round: 1, time: 0))
        #expect(played.reports.last == .finished(round: 1, leases: [lease(0), lease(1)]))
        #expect(played.runs == [10, 11])
    }

    @Test func theWindowHoldsAndConsolidationsOfAllPartitionsGoFirst() {
        var played = Played.holding([lease(0), lease(1)])
        played.take(.coordinatorHeard(false))
        played.take(.prepared(lease(0), round: 1, first: [1], then: [10, 11]))
        played.take(.prepared(lease(1), round: 1, first: [2], then: [20]))
        #expect(played.runs.isEmpty, "nothing starts while the coordinator cannot be heard")
        played.take(.coordinatorHeard(true))
        #expect(played.runs == [1, 2])
        for _ in 0..<3 { played.take(.rootDurable(lease(0))) }
        #expect(played.runs == [1, 2, 10, 20, 11])
    }

    @Test func aPartitionThatIsInheritedDoesNotWaitForAllRootsOfTheOthers() {
        var played = Played.holding([lease(0)], window: 1)
        played.take(.prepared(lease(0), round: 1, first: [], then: Array(10..<90)))
        played.take(.map(grant: 2, closedRound: 0, leases: [lease(0), lease(1, epoch: 2)]))
        played.take(.loaded(lease(1, epoch: 2), round: 0))
        played.take(.prepared(lease(1, epoch: 2), round: 1, first: [], then: [90, 91]))
        for _ in 0..<4 { played.take(.rootDurable(lease(0))) }
        #expect(played.runs == [10, 11, 90, 12, 91])
    }

    @Test func aPartitionThatIsInheritedInTheMiddleOfARoundRunsBesideTheOthers() {
        var played = Played.holding([lease(0)])
        played.take(.prepared(lease(0), round: 1, first: [], then: [10]))
        played.take(.map(grant: 2, closedRound: 0, leases: [lease(0), lease(1, epoch: 2)]))
        #expect(played.loads == [lease(0), lease(1, epoch: 2)])
        played.take(.start(round: 1, time: 0))
        #expect(played.prepares == [lease(0)], "what is not loaded is not planned")
        played.take(.loaded(lease(1, epoch: 2), round: 0))
        #expect(played.prepares == [lease(0), lease(1, epoch: 2)])
        played.take(.prepared(lease(1, epoch: 2), round: 1, first: [], then: [20]))
        #expect(played.runs == [10, 20])
    }

    @Test func whatIsLostIsDroppedAndItsRootsNeitherStartNorCount() {
        var played = Played.holding([lease(0), lease(1)], window: 1)
        played.take(.prepared(lease(0), round: 1, first: [], then: [10, 11]))
        played.take(.prepared(lease(1), round: 1, first: [], then: [20]))
        played.take(.map(grant: 2, closedRound: 0, leases: [lease(1)]))
        #expect(played.drops == [lease(0)])
        // The interrupted root still held its place.
        #expect(played.runs == [10])
        played.take(.rootInterrupted(10, lease(0)))
        #expect(played.runs == [10, 20])
        played.take(.rootDurable(lease(1)))
        #expect(!played.reports.contains(.finished(round: 1, leases: [lease(0)])))
        #expect(played.machine.inFlight == 0)
    }

    @Test func aPartitionThatComesBackUnderANewEpochStartsFromItsSnapshot() {
        var played = Played.holding([lease(0)])
        played.take(.prepared(lease(0), round: 1, first: [], then: [10]))
        played.take(.map(grant: 2, closedRound: 0, leases: [lease(0, epoch: 5)]))
        #expect(played.drops == [lease(0)])
        #expect(played.loads == [lease(0), lease(0, epoch: 5)])
        // The end of the old lease's root does not count for the new one.
        played.take(.loaded(lease(0, epoch: 5), round: 0))
        played.take(.prepared(lease(0, epoch: 5), round: 1, first: [], then: [10]))
        played.take(.rootDurable(lease(0)))
        #expect(!played.reports.contains(.finished(round: 1, leases: [lease(0, epoch: 5)])))
    }

    @Test func aDrainedHostGoesOnWhereItStood() {
        var played = Played.holding([lease(0)], window: 1)
        played.take(.prepared(lease(0), round: 1, first: [], then: [10, 11]))
        played.take(.drain(round: 1, time: 0))
        #expect(played.reports.isEmpty || played.reports.last != .drained(round: 1))
        played.take(.rootDurable(lease(0)))
        #expect(played.reports.last == .drained(round: 1))
        #expect(played.runs == [10])
        played.take(.drain(round: 1, time: 0))
        #expect(played.reports.filter { $0 == .drained(round: 1) }.count == 2)
        played.take(.start(round: 1, time: 0))
        #expect(played.runs == [10, 11])
    }

    @Test func aRootThatIsInterruptedWaitsForTheCoordinatorToAskAgain() {
        var played = Played.holding([lease(0)], window: 1)
        played.take(.prepared(lease(0), round: 1, first: [], then: [10, 11]))
        played.take(.rootInterrupted(10, lease(0)))
        #expect(played.runs == [10])
        played.take(.start(round: 1, time: 0))
        #expect(played.runs == [10, 10])
    }

    @Test func aStepThatFailedIsTriedAgainWhenTheCoordinatorAsksAgain() {
        var played = Played.holding([lease(0)])
        played.take(.stepFailed(lease(0)))
        #expect(played.loads == [lease(0)])
        played.take(.start(round: 1, time: 0))
        #expect(played.loads == [lease(0), lease(0)])
        played.take(.loaded(lease(0), round: 0))
        #expect(played.prepares == [lease(0), lease(0)])
    }

    @Test func aClosedRoundBringsEveryPartitionForward() {
        var played = Played.holding([lease(0), lease(1)])
        for lease in [lease(0), lease(1)] { played.take(.prepared(lease, round: 1, first: [], then: [])) }
        played.take(.map(grant: 2, closedRound: 1, leases: [lease(0), lease(1)]))
        #expect(played.advances == [lease(0), lease(1)])
        played.take(.start(round: 1, time: 0))
        #expect(played.prepares.count == 2, "the echo of a closed round starts nothing")
        for lease in [lease(0), lease(1)] { played.take(.loaded(lease, round: 1)) }
        #expect(played.reports.last == .ready(grant: 2, round: 1))
    }

    @Test func theEnvironmentTakesItsTurnOnceAndOnlyWhereItIsHeld() {
        var other = Played.holding([lease(0)])
        other.take(.environment(round: 1, time: 0))
        #expect(other.environments == 0)
        var played = Played.holding([lease(4)])
        played.take(.environment(round: 1, time: 0))
        played.take(.environment(round: 1, time: 0))
        #expect(played.environments == 1)
        played.take(.environmentDurable(round: 1))
        #expect(played.reports.last == .environmentFinished(round: 1))
        played.take(.environment(round: 1, time: 0))
        #expect(played.environments == 1)
        #expect(played.reports.filter { $0 == .environmentFinished(round: 1) }.count == 2)
    }

    @Test func anEnvironmentTurnOfALostLeaseHaltsNothing() {
        let environment = lease(4)
        var played = Played.holding([environment])
        played.take(.environment(round: 1, time: 0))
        #expect(played.environments == 1)
        // The partition goes and comes back while the turn of the old lease still ends.
        let newer = lease(4, epoch: 2)
        played.take(.map(grant: 2, closedRound: 0, leases: []))
        played.take(.map(grant: 3, closedRound: 0, leases: [newer]))
        played.take(.loaded(newer, round: 0))
        #expect(played.environments == 1)
        played.take(.environmentInterrupted(environment))
        #expect(played.environments == 2)
    }

    @Test func anEnvironmentTurnOfThePresentLeaseWaitsUntilItIsMended() {
        let environment = lease(4)
        var played = Played.holding([environment])
        played.take(.environment(round: 1, time: 0))
        played.take(.environmentInterrupted(environment))
        #expect(played.environments == 1)
        played.take(.environment(round: 1, time: 0))
        #expect(played.environments == 2)
    }
}
