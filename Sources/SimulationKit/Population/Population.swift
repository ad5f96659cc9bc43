import Model
import Support

/// The agents of a run: fixed before it starts, and computed rather than stored, so that a million agents made from a
/// few thousand records take no more room than the records.
///
/// Agents are numbered type by type in the scenario's order. A type with more agents than records takes its records
/// again from the first; copies get the record's id with `~2`, `~3` and so on.
public struct Population: Sendable {
    /// Records of one type, and how many agents are made from them.
    public struct Group: Sendable {
        /// The type.
        public var type: AgentTypeDefinition
        /// Its records, at least one.
        public var records: [ProfileRecord]
        /// Agents of this type.
        public var count: Int

        /// `count` agents of `type` made from `records`.
        public init(type: AgentTypeDefinition, records: [ProfileRecord], count: Int) {
            self.type = type
            self.records = records
            self.count = count
        }
    }

    private struct Segment: Sendable {
        var type: AgentTypeDefinition
        var firstAgent: Int
        var agents: Int
        var firstRecord: Int
        var records: Int
    }

    /// Most agents of a run.
    public static let maxAgents = 10_000_000
    /// Stands between a record's id and the number of its copy; ASCII, and in no record's id.
    private static let copyMark = "~"

    private let segments: [Segment]
    private let records: [ProfileRecord]
    private let recordIndexes: [String: Int]
    /// Number of agents.
    public let count: Int

    /// A population of these groups. Throws where two records of any type share an id, or there are too many agents.
    public init(_ groups: [Group]) throws(UserError) {
        var segments: [Segment] = []
        var records: [ProfileRecord] = []
        var indexes: [String: Int] = [:]
        var count = 0
        for group in groups where group.count > 0 {
            precondition(!group.records.isEmpty, "agents are made from records")
            segments.append(
                Segment(
                    type: group.type, firstAgent: count, agents: group.count, firstRecord: records.count,
                    records: group.records.count))
            for record in group.records {
                guard indexes.updateValue(records.count, forKey: record.id) == nil else {
                    throw UserError(
                        "two records have the id \(record.id)", at: "population of type \(group.type.name)",
                        advice: "ids must differ between types, too", exitCode: .dataError)
                }
                records.append(record)
            }
            count += group.count
            guard count <= Self.maxAgents else {
                throw UserError(
                    "the population has more than \(Self.maxAgents) agents", advice: "ask for fewer agents",
                    exitCode: .configuration)
            }
        }
        self.segments = segments
        self.records = records
        self.count = count
        recordIndexes = indexes
    }

    /// All agents, by number.
    public var agents: [AgentID] { (0..<count).map { AgentID(number: UInt32($0)) } }

    /// The agents of a type, by number; none where there is no such type.
    public func agents(ofType type: String) -> [AgentID] {
        guard let segment = segments.first(where: { $0.type.name == type }) else { return [] }
        return (segment.firstAgent..<segment.firstAgent + segment.agents).map { AgentID(number: UInt32($0)) }
    }

    /// Number of agents by the name of their type.
    public var countsByType: [String: Int] {
        Dictionary(segments.map { ($0.type.name, $0.agents) }) { $0 + $1 }
    }

    /// Whether the number belongs to an agent of this population; the environment's does not.
    public func contains(_ agent: AgentID) -> Bool { Int(agent.number) < count }

    /// The agent's textual id; `environment` for the environment.
    public func id(of agent: AgentID) -> String {
        guard let (segment, index) = locate(agent) else { return agent.description }
        let id = records[segment.firstRecord + index % segment.records].id
        let copy = index / segment.records
        return copy == 0 ? id : "\(id)\(Self.copyMark)\(copy + 1)"
    }

    /// The agent of that id, nil where there is none.
    public func agent(withID id: String) -> AgentID? {
        // By bytes: the mark may share a character with what stands before it, such as an Arabic number sign.
        let parts = id.utf8.split(separator: UInt8(ascii: "~"), omittingEmptySubsequences: false).map(Substring.init)
        guard parts.count <= 2, let record = recordIndexes[String(parts[0])],
            let segment = segments.first(where: {
                ($0.firstRecord..<$0.firstRecord + $0.records).contains(record)
            })
        else { return nil }
        var copy = 0
        if parts.count == 2 {
            guard let number = UInt32(parts[1]), number >= 2, String(number) == parts[1] else { return nil }
            copy = Int(number) - 1
        }
        let index = copy * segment.records + record - segment.firstRecord
        return index < segment.agents ? AgentID(number: UInt32(segment.firstAgent + index)) : nil
    }

    /// The name of the agent's type; `environment` for the environment.
    public func type(of agent: AgentID) -> String { locate(agent)?.segment.type.name ?? agent.description }

    /// The agent's profile at the start: every field by name; empty for the environment.
    public func record(of agent: AgentID) -> [String: Value] {
        guard let index = recordIndex(of: agent) else { return [:] }
        return records[index].values
    }

    /// The fields of the agent's profile that others may see, as they were at the start.
    public func publicFields(of agent: AgentID) -> [String: Value] {
        guard let index = recordIndex(of: agent) else { return [:] }
        return records[index].publicValues
    }

    /// Tells agents of one type and record from all others: what is derived from a profile at the start is equal for
    /// equal keys, and keys of one type stand together.
    public func recordKey(of agent: AgentID) -> UInt64 { UInt64(recordIndex(of: agent) ?? records.count) }

    private func recordIndex(of agent: AgentID) -> Int? {
        locate(agent).map { $0.segment.firstRecord + $0.index % $0.segment.records }
    }

    private func locate(_ agent: AgentID) -> (segment: Segment, index: Int)? {
        let number = Int(agent.number)
        for segment in segments where number < segment.firstAgent + segment.agents {
            return (segment, number - segment.firstAgent)
        }
        return nil
    }
}
