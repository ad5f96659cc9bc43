import PlacementModel
import Testing

/// A part of a round on servers whose caches hold a fraction of its prompts.
@Suite struct PlacementModelTests {
    private let model = PlacementModel()

    @Test func manyGroupsInRandomOrderAreReadOnceEach() {
        let model = PlacementModel(cacheTokens: 50_000)
        let workload = PlacementWorkload(requests: 12_500, groups: 100, zipf: false, seed: 1)
        let ours = model.play(workload, policy: .prefix)
        // At this size the first reading of each group weighs more than at the size of the targets, 4.7 and 1.5,
        // which `gateway-bench placement --check` plays.
        #expect(ours.gain(over: model.play(workload, policy: .roundRobin)) >= 4)
        #expect(ours.gain(over: model.playCacheAware(workload)) >= 1.4)
        #expect(ours.imbalance <= 1.05)
    }

    @Test func aHotPrefixIsSpreadEvenly() {
        let workload = PlacementWorkload(requests: 4_000, groups: 1, zipf: false, seed: 1)
        #expect(model.play(workload, policy: .prefix).imbalance <= 1.05)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func unequalGroupsAreSharedOutEvenly(seed: UInt64) {
        let workload = PlacementWorkload(requests: 5_000, groups: 300, zipf: true, seed: seed)
        let ours = model.play(workload, policy: .prefix)
        #expect(ours.served == 5_000)
        #expect(ours.imbalance <= 1.05, "seed \(seed)")
    }
}
