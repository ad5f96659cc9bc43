import PlacementModel

/// A way in which prompts fall into groups, and what must be reached there.
struct Column {
    let name: String
    let groups: Int
    var zipf = false

    static let all = [
        Column(name: "1 prefix", groups: 1), Column(name: "40 prefixes", groups: 40),
        Column(name: "400 prefixes", groups: 400), Column(name: "4000 prefixes", groups: 4000),
        Column(name: "4000 prefixes, Zipf", groups: 4000, zipf: true),
    ]

    /// The targets that are missed, in words.
    func missed(ours: PlacementOutcome, robin: PlacementOutcome, aware: PlacementOutcome) -> [String] {
        var missed: [String] = []
        if groups == 400, ours.gain(over: robin) < 4.7 { missed.append("\(name): 4.7 times round robin") }
        if groups == 400, ours.gain(over: aware) < 1.5 { missed.append("\(name): 1.5 times the cache-aware rule") }
        if groups == 1, ours.imbalance > 1.05 { missed.append("\(name): busiest server 5 % over the mean") }
        return missed
    }
}
