import PlacementModel
import Testing

/// A tenth of a round on servers whose caches hold a fraction of its prompts.
@Suite struct PlacementModelTests {
    private let model = PlacementModel()

    @Test func manyGroupsInRandomOrderAreReadOnceEach() {
        let workload = PlacementWorkload(requests: 40_000, groups: 400, zipf: false, seed: 1)
        let ours = model.play(workload, policy: .prefix)
        #expect(ours.gain(over: model.play(workload, policy: .roundRobin)) >= 4.4)
        #expect(ours.gain(over: model.playCacheAware(workload)) >= 1.5)
        #expect(ours.imbalance <= 1.05)
    }

    @Test func aHotPrefixIsSpreadEvenly() {
        let workload = PlacementWorkload(requests: 10_000, groups: 1, zipf: false, seed: 1)
        #expect(model.play(workload, policy: .prefix).imbalance <= 1.05)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func unequalGroupsAreSharedOutEvenly(seed: UInt64) {
        let workload = PlacementWorkload(requests: 20_000, groups: 1_000, zipf: true, seed: seed)
        let ours = model.play(workload, policy: .prefix)
        #expect(ours.served == 20_000)
        #expect(ours.imbalance <= 1.05, "seed \(seed)")
    }
}
