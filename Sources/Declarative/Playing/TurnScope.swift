import Model
import SimulationKit

/// What the expressions and templates of one turn see.
struct TurnScope {
    let turn: Turn
    let definition: ScenarioDefinition
    let peers: Peers
    /// Answers and computed values, and elements of loops.
    var locals: [String: Value] = [:]

    /// Key under which an agent's value names the agent itself.
    static let number = "id"

    /// Another agent as expressions see it: its public profile, and its number.
    func value(of agent: AgentID) -> Value {
        var fields = turn.publicProfile(of: agent)
        fields[Self.number] = .int(Int64(agent.number))
        return .map(fields)
    }

    /// The agents that a value stands for: one, or a list of them; messages stand for their senders.
    func agents(in value: Value) throws -> [AgentID] {
        switch value {
        case .null: return []
        case .list(let values): return try values.flatMap(agents)
        case .map(let fields):
            guard let number = fields[Self.number]?.int, let number = UInt32(exactly: number),
                turn.assets.population.contains(AgentID(number: number))
            else { break }
            return [AgentID(number: number)]
        default: break
        }
        throw ExpressionError("an agent is expected, or a list of them")
    }

    private func messages(_ subject: String) -> Value {
        let received = turn.inbox.filter { $0.subject == subject }
        return .list(
            received.map { message in
                var fields = turn.publicProfile(of: message.sender)
                fields[Self.number] = .int(Int64(message.sender.number))
                fields["from"] = fields["name"] ?? .text(turn.assets.population.id(of: message.sender))
                for key in ["text", "value"] { fields[key] = message.body[key] ?? .null }
                return .map(fields)
            })
    }

    private var isEnvironment: Bool { turn.agent == .environment }

    /// A field of the environment: as it is, in the environment's own turn; else as of the round's start.
    private func world(_ name: String) -> Value {
        let environment = definition.environment
        guard environment.keyed.contains(name) else {
            return turn.world(name) ?? environment.fields[name] ?? .null
        }
        var values: [String: Value] = [:]
        for field in turn.worldFields {
            guard let key = EnvironmentDefinition.key(of: field, in: name) else { continue }
            values[key] = turn.world(field) ?? environment.fields[name]
        }
        return .map(values)
    }

    /// A field of the environment in its own turn, after the merge.
    private func own(_ name: String) -> Value {
        let environment = definition.environment
        guard environment.keyed.contains(name) else {
            return turn.field(name) ?? environment.fields[name] ?? .null
        }
        var values: [String: Value] = [:]
        for (field, value) in turn.dynamicFields where value != .null {
            guard let key = EnvironmentDefinition.key(of: field, in: name) else { continue }
            values[key] = value
        }
        return .map(values)
    }

    /// What a template that uses these names may read.
    func fields(for names: Set<[String]>, of type: [String]) throws -> [String: Value] {
        var fields = locals
        for name in type { fields[name] = turn.field(name) ?? .null }
        fields["round"] = .int(Int64(turn.round))
        var members: [String: [String: Value]] = [:]
        for name in names where name.count > 1 {
            guard let value = try value(named: name[0], member: name[1]) else { continue }
            members[name[0], default: [:]][name[1]] = value
        }
        for (name, values) in members where locals[name] == nil { fields[name] = .map(values) }
        return fields
    }
}

extension TurnScope: ExpressionScope {
    func value(named name: String) throws -> Value? {
        if let local = locals[name] { return local }
        if name == "round" { return .int(Int64(turn.round)) }
        if name == "me", !isEnvironment { return value(of: turn.agent) }
        if isEnvironment { return definition.environment.fields[name] == nil ? nil : own(name) }
        return turn.field(name) ?? .null
    }

    func value(named name: String, member: String) throws -> Value? {
        guard locals[name] == nil else { return nil }
        switch name {
        case "world": return world(member)
        case "me": return value(of: turn.agent)[member] ?? .null
        case "inbox": return messages(member)
        case "related": return .list(try turn.related(member).map(value(of:)))
        case "same":
            return .list(peers.of(turn.agent, field: member, in: turn.assets.population).map(value(of:)))
        case "population": return .int(Int64(turn.assets.population.countsByType[member] ?? 0))
        default: return nil
        }
    }

    func value(ofKeyed member: String, key: Value) throws -> Value? {
        guard definition.environment.keyed.contains(member) else { return nil }
        let name = EnvironmentDefinition.name(member, key: try Arithmetic.text(key))
        let value = turn.world(name)
        return value == nil || value == .null ? definition.environment.fields[member] : value
    }

    func random(below bound: Int64) throws -> Int64 { Int64(try turn.random(below: Int(bound))) }
}
