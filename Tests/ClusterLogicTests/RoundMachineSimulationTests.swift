import ClusterLogic
import Testing

/// Many seeded orders of events; a failure names its seed.
@Suite struct RoundMachineSimulationTests {
    @Test func everyOrderOfEventsFinishesTheRun() {
        for seed in 0..<200 as Range<UInt64> {
            var cluster = FakeCluster(
                plan: plan(hosts: 1 + Int(seed % 4), hasEnvironment: seed % 2 == 0), seed: seed)
            cluster.registerAll()
            cluster.run()
            #expect(cluster.outcome == .finished, "seed \(seed)")
            #expect(cluster.closed == 3, "seed \(seed)")
        }
    }

    @Test func aStopAtAnyPointEndsResumableAndTheResumedRunFinishes() {
        for seed in 0..<400 as Range<UInt64> {
            var first = FakeCluster(plan: plan(), seed: seed)
            first.registerAll()
            first.run(disturbance: .stopRequested, after: Int(seed % 50))
            if first.outcome == .finished { continue }
            #expect(first.outcome == .stopped, "seed \(seed)")
            var resumed = plan(closedRound: first.closed, openRound: first.open, merged: first.merged)
            resumed.runEpoch = 5
            var second = FakeCluster(plan: resumed, seed: seed)
            second.registerAll()
            second.run()
            #expect(second.outcome == .finished, "seed \(seed)")
            #expect(second.closed == 3, "seed \(seed)")
        }
    }

    @Test(
        arguments: [
            RoundMachine.Event.hostLost(host: 1, reason: "gone"), .hostFailed(host: 1, reason: "gone"),
            .serviceLost(reason: "gone"), .recorderFailed(reason: "gone"),
        ])
    func aLossAtAnyPointEndsWithItsReason(loss: RoundMachine.Event) {
        for seed in 0..<200 as Range<UInt64> {
            var cluster = FakeCluster(plan: plan(), seed: seed)
            cluster.registerAll()
            cluster.run(disturbance: loss, after: Int(seed % 40))
            #expect(
                cluster.outcome == .failed("gone") || (cluster.outcome == .finished && cluster.closed == 3),
                "seed \(seed): \(String(describing: cluster.outcome))")
        }
    }
}
