import SimulationKit
import Support

extension RunSettings {
    /// Replaces the numbers of agents by what `--agents` asks for, see `AgentCounts`. Types without a configured
    /// number count as `recordCounts` says: one agent for each record of their file.
    public mutating func setAgents(_ text: String, recordCounts: [String: Int]) throws {
        let configured = populations.map { (type: $0.type, count: $0.count ?? recordCounts[$0.type] ?? 0) }
        let counts = try AgentCounts.parse(text, configured: configured)
        for index in populations.indices { populations[index].count = counts[populations[index].type] }
    }
}
