import ClusterLogic
import Testing

/// Many seeded orders of events; a failure names its seed, which replays it.
@Suite struct RoundMachineSimulationTests {
    private func expect(
        _ cluster: FakeCluster, _ outcome: RunOutcome?, seed: UInt64, _ location: SourceLocation = #_sourceLocation
    ) {
        if let complaint = cluster.complaints.first {
            Issue.record("seed \(seed): \(complaint)", sourceLocation: location)
        }
        guard let outcome else { return }
        #expect(
            cluster.outcome == outcome, "seed \(seed): \(cluster.machine.stage)", sourceLocation: location)
        if outcome == .finished {
            #expect(cluster.closed == cluster.plan.rounds, "seed \(seed)", sourceLocation: location)
        }
    }

    @Test func everyOrderOfEventsFinishesTheRun() {
        for seed in 0..<500 as Range<UInt64> {
            var cluster = FakeCluster(
                plan: plan(hosts: 1 + Int(seed % 4), hasEnvironment: seed % 2 == 0), seed: seed)
            cluster.registerAll()
            cluster.run()
            expect(cluster, .finished, seed: seed)
        }
    }

    @Test func lossesJoinsAndPausesAtAnyPointLeaveARunThatFinishes() {
        for seed in 0..<5000 as Range<UInt64> {
            var cluster = FakeCluster(
                plan: plan(
                    hosts: 1 + Int(seed % 4), hasEnvironment: seed % 3 != 0, partitions: 1 + UInt32(seed % 12)),
                seed: seed)
            cluster.registerAll()
            cluster.run(disturbances: 1 + Int(seed % 60))
            expect(cluster, .finished, seed: seed)
        }
    }

    @Test(arguments: Disturbance.allCases)
    func everyDisturbanceAloneLeavesARunThatFinishes(kind: Disturbance) {
        for seed in 0..<300 as Range<UInt64> {
            var cluster = FakeCluster(plan: plan(partitions: 6), seed: seed)
            cluster.registerAll()
            cluster.run(disturbances: 20, [kind])
            expect(cluster, .finished, seed: seed)
        }
    }

    @Test func aStopAtAnyPointEndsResumableAndTheResumedRunFinishes() {
        var stopped = 0
        for seed in 0..<2000 as Range<UInt64> {
            var first = FakeCluster(plan: plan(partitions: 6), seed: seed)
            first.registerAll()
            for _ in 0..<(seed % 150) where first.outcome == nil {
                if !first.deliver() || first.generator.below(12) == 0 {
                    first.disturb(Disturbance.allCases[first.generator.below(Disturbance.allCases.count)])
                }
            }
            first.perform(first.machine.handle(.stopRequested))
            first.run()
            expect(first, nil, seed: seed)
            if first.outcome == .finished { continue }
            expect(first, .stopped, seed: seed)
            stopped += 1
            var resumed = plan(closedRound: first.closed, openRound: first.open, merged: first.merged, partitions: 6)
            resumed.runEpoch = 5
            var second = FakeCluster(plan: resumed, seed: seed)
            second.registerAll()
            second.run(disturbances: 5)
            expect(second, .finished, seed: seed)
        }
        #expect(stopped > 1000)
    }

    @Test(
        arguments: [
            RoundMachine.Event.hostFailed(host: 1, reason: "gone", local: false), .lost(reason: "gone", drains: false),
            .lost(reason: "gone", drains: true), .recorderFailed(reason: "gone"),
        ])
    func aProblemAtAnyPointEndsWithItsReason(problem: RoundMachine.Event) {
        for seed in 0..<300 as Range<UInt64> {
            var cluster = FakeCluster(plan: plan(partitions: 6), seed: seed)
            cluster.registerAll()
            for _ in 0..<(seed % 120) { _ = cluster.deliver() }
            if cluster.outcome == nil { cluster.perform(cluster.machine.handle(problem)) }
            cluster.run()
            // A run whose last round is closed has only its ending left to be written.
            let isOver = cluster.closed == 3 && cluster.outcome == .finished
            expect(cluster, isOver ? .finished : .failed("gone"), seed: seed)
        }
    }
}
