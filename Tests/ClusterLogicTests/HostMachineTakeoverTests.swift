import ClusterLogic
import Model
import Testing

/// What a host does next, step by step.
@Suite struct HostMachineTakeoverTests {
    private typealias Machine = HostMachine<String>

    private static let lease = Lease(partition: 0, epoch: 7, host: 1)

    /// A machine that has loaded its partition as of the start of the run.
    private func loaded() -> Machine {
        var machine = Machine(partitions: 2, window: 4)
        _ = machine.handle(.map(grant: 1, closedRound: 0, leases: [Self.lease]))
        _ = machine.handle(.loaded(Self.lease, round: 0))
        return machine
    }

    /// Whether the actions open the partition for a round.
    private func opens(_ actions: [Machine.Action], round: UInt32) -> Bool {
        actions.contains { if case .open(Self.lease, round) = $0 { true } else { false } }
    }

    @Test func aHostThatHearsOfARoundByItsDrainOpensItAndStartsNoTurn() {
        var machine = loaded()
        let drained = machine.handle(.drain(round: 1, time: 0))
        #expect(drained.contains { if case .begin(1, _) = $0 { true } else { false } })
        #expect(drained.contains { if case .prepare(Self.lease, 1, false) = $0 { true } else { false } })
        let prepared = machine.handle(.prepared(Self.lease, round: 1, first: [], then: ["a"]))
        #expect(opens(prepared, round: 1))
        #expect(machine.inFlight == 0)
        let started = machine.handle(.start(round: 1, time: 0))
        #expect(started.contains { if case .run("a", Self.lease) = $0 { true } else { false } })
    }

    @Test func aHostWithoutTheEnvironmentOpensItsPartitionsForTheEnvironmentsTurn() {
        var machine = loaded()
        let told = machine.handle(.environment(round: 1, time: 0))
        #expect(told.contains { if case .prepare(Self.lease, 1, true) = $0 { true } else { false } })
        #expect(!told.contains { if case .runEnvironment = $0 { true } else { false } })
        #expect(opens(machine.handle(.prepared(Self.lease, round: 1, first: [], then: [])), round: 1))
    }

    @Test func aDrainOfARoundThatIsUnderWayStopsOnlyWhatHasNotStarted() {
        var machine = loaded()
        _ = machine.handle(.start(round: 1, time: 0))
        _ = machine.handle(.prepared(Self.lease, round: 1, first: [], then: ["a", "b", "c", "d", "e"]))
        #expect(machine.inFlight == 4)
        #expect(machine.handle(.drain(round: 1, time: 0)).isEmpty)
        for _ in 0..<3 { #expect(machine.handle(.rootDurable(Self.lease)).isEmpty) }
        let last = machine.handle(.rootDurable(Self.lease))
        #expect(last.contains { if case .report(.drained(1)) = $0 { true } else { false } })
        #expect(machine.stage(of: 0) == .running(1, left: 1))
    }
}
