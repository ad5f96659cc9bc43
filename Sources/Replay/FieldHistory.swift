import Model
import Recording
import SimulationKit

/// What dynamic fields of agents and of the environment were at the end of each closed round: worked out from the
/// operations that were merged, which the recording keeps.
public struct FieldHistory {
    private let reader: RecordingReader
    private let run: RecordedRun

    /// Reads what is fixed for the run. `version` is this program's, which has to be the run's. Throws a `UserError`
    /// where it is another, or where the recording holds no run.
    public init(_ reader: RecordingReader, registry: ScenarioRegistry, version: String) throws {
        self.reader = reader
        run = try RecordedRun.load(reader, registry: registry, version: version)
    }

    /// Gives `body` each field that has another value at the end of a round than at its start: by round, agent (the
    /// environment last) and name of the field. A field that was never set counts with its initial value.
    public func forEach(_ body: (FieldChange) throws -> Void) throws {
        let updater = StateUpdater(run.assets)
        let (population, environment) = (run.assets.population, run.assets.environment)
        var states: [AgentID: AgentState] = [:]
        var before: [AgentID: [String: Value]] = [:]
        var round: UInt32 = 0
        func endRound() throws {
            for agent in before.keys.sorted(by: { $0.number < $1.number }) {
                let initial = agent == .environment ? environment : population.record(of: agent)
                let (old, new) = (before[agent] ?? [:], states[agent]?.fields ?? [:])
                let id = agent == .environment ? agent.description : population.id(of: agent)
                for field in new.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
                    guard let value = new[field], value != old[field] ?? initial[field] else { continue }
                    try body(FieldChange(round: round, agent: id, field: field, value: value))
                }
            }
            before = [:]
        }
        let last = try reader.run()?.closedRound ?? 0
        try reader.forEachChange(upTo: last, partitions: Array(0...run.definition.partitions)) { next, page in
            if next != round {
                try endRound()
                round = next
            }
            for change in page.changes {
                switch change.operation {
                case .set, .add, .append, .relate: break
                case .claim, .remember, .message, .event, .consolidate, .claimResult: continue
                }
                if before[change.target] == nil { before[change.target] = states[change.target]?.fields ?? [:] }
                updater.apply(change.operation, to: &states[change.target, default: AgentState()], of: change.target)
            }
        }
        try endRound()
    }
}
