import Support

/// How many agents of each type: what `--agents` asks for.
public enum AgentCounts {
    /// Reads `50` (all types together, in the ratio of `configured`) or `seeker=8,interviewer=4`. Types that the second
    /// form leaves out keep their configured number.
    public static func parse(
        _ text: String, configured: [(type: String, count: Int)]
    ) throws(UserError) -> [String: Int] {
        if let total = Int(text) { return try scaled(to: total, configured: configured) }
        var counts = Dictionary(configured.map { ($0.type, $0.count) }) { $1 }
        var given: Set<String> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, let count = Int(sides[1]), (0...Population.maxAgents).contains(count) else {
                throw wrong("\(part) is no number of agents")
            }
            let type = String(sides[0])
            guard counts[type] != nil else {
                let near = NearestName.of(type, among: counts.keys).map { "; did you mean \($0)?" } ?? ""
                throw wrong("the configuration has no agents of type \(type)\(near)")
            }
            guard given.insert(type).inserted else { throw wrong("\(type) is given twice") }
            counts[type] = count
        }
        guard counts.values.contains(where: { $0 > 0 }) else { throw wrong("nobody is left") }
        return counts
    }

    /// `total` agents in the ratio of `configured`: every share is rounded down, and the largest (the first of equal
    /// ones) gets the remainder. A type that has agents keeps at least one.
    static func scaled(to total: Int, configured: [(type: String, count: Int)]) throws(UserError) -> [String: Int] {
        let present = configured.filter { $0.count > 0 }
        let sum = present.reduce(0) { $0 + $1.count }
        guard (max(1, present.count)...Population.maxAgents).contains(total), sum > 0 else {
            throw wrong("\(total) agents cannot be divided over \(present.count) types")
        }
        var counts: [String: Int] = [:]
        for (type, _) in configured { counts[type] = 0 }
        for (type, count) in present {
            let share = UInt64(count).multipliedFullWidth(by: UInt64(total))
            counts[type] = max(1, Int(UInt64(sum).dividingFullWidth(share).quotient))
        }
        var largest = 0
        for index in present.indices where present[index].count > present[largest].count { largest = index }
        let others = counts.filter { $0.key != present[largest].type }.values.reduce(0, +)
        counts[present[largest].type] = max(1, total - others)
        return counts
    }

    private static func wrong(_ what: String) -> UserError {
        UserError(
            what, at: "--agents", advice: "give a total such as 50, or counts such as seeker=8,interviewer=4",
            exitCode: .usage)
    }
}
