/// The cache-aware rule of SGLang's router as it is documented, with its default thresholds, for requests that all
/// come before any has ended: the load of a server is what it was given.
///
/// Loads out of balance: the server with the smallest load. Otherwise the server whose tree has the longest match, when
/// that is more than `cacheThreshold` of the prompt; else the server with the smallest tree. The trees hold all
/// that was routed, as they are only cut when they outgrow a bound far above this.
struct CacheAwareRule {
    private static let cacheThreshold = 0.3
    private static let absoluteThreshold = 64
    private static let relativeThreshold = 1.5

    private var loads: [Int]
    private var treeTokens: [Int]
    private var groups: [Set<Int>]

    init(servers: Int) {
        loads = [Int](repeating: 0, count: servers)
        treeTokens = loads
        groups = [Set<Int>](repeating: [], count: servers)
    }

    mutating func place(group: Int) -> Int {
        let (least, most) = (loads.min() ?? 0, loads.max() ?? 0)
        let outOfBalance =
            most - least > Self.absoluteThreshold && Double(most) > Self.relativeThreshold * Double(least)
        let chosen = outOfBalance ? smallest(loads) : byCache(group)
        loads[chosen] += 1
        if treeTokens[chosen] == 0 { treeTokens[chosen] += PlacementWorkload.shared }
        if groups[chosen].insert(group).inserted { treeTokens[chosen] += PlacementWorkload.scenario }
        treeTokens[chosen] += PlacementWorkload.own
        return chosen
    }

    private func byCache(_ group: Int) -> Int {
        let match = PlacementWorkload.shared + PlacementWorkload.scenario
        let rate = Double(match) / Double(PlacementWorkload.tokens)
        // The shared part alone is below the threshold.
        if rate > Self.cacheThreshold, let holder = groups.firstIndex(where: { $0.contains(group) }) { return holder }
        return smallest(treeTokens)
    }

    private func smallest(_ numbers: [Int]) -> Int {
        numbers.indices.min { numbers[$0] < numbers[$1] } ?? 0
    }
}
