import Model

/// Relations: the configuration's at the start, and what turns have changed since. A change takes effect with the turn
/// that made it, for this agent alone; what the other side thinks of it is the other side's.
extension Turn {
    /// To whom the agent is related, by number.
    public func related(_ relation: String) throws -> [AgentID] {
        try overlaid(relation, graph(relation).neighbours(of: agent))
    }

    /// Relates the agent to another one.
    public func relate(to other: AgentID, in relation: String) throws { try change(relation, other, isRelated: true) }

    /// Ends a relation of the agent to another one.
    public func unrelate(from other: AgentID, in relation: String) throws {
        try change(relation, other, isRelated: false)
    }

    /// Sends a message to everybody who is related to the agent at the start, such as its followers, and to whom the
    /// agent has related itself since, where the relation has no direction. Returns how many.
    @discardableResult public func post(_ subject: String, _ body: Value, to relation: String) throws -> Int {
        let graph = try graph(relation)
        let readers = try graph.isDirected ? graph.sources(of: agent) : related(relation)
        for reader in readers { try tell(reader, subject: subject, body: body) }
        return readers.count
    }

    private func graph(_ relation: String) throws -> RelationGraph {
        guard let graph = assets.relations[relation] else {
            throw TurnFailed(
                .init(reason: .scenarioError, text: "the configuration has no relation named \(relation)"))
        }
        return graph
    }

    private func overlaid(_ relation: String, _ base: [AgentID]) throws -> [AgentID] {
        guard case .map(let changes)? = log.state.fields[AgentState.relationsField]?[relation], !changes.isEmpty else {
            return base
        }
        var related = Set(base)
        for (number, isRelated) in changes {
            guard let number = UInt32(number) else { continue }
            if isRelated == .bool(true) {
                related.insert(AgentID(number: number))
            } else {
                related.remove(AgentID(number: number))
            }
        }
        return related.sorted { $0.number < $1.number }
    }

    private func change(_ relation: String, _ other: AgentID, isRelated: Bool) throws {
        _ = try graph(relation)
        guard assets.population.contains(other), other != agent else {
            throw TurnFailed(.init(reason: .scenarioError, text: "\(agent) cannot be related to \(other)"))
        }
        try write(.relate(relation: relation, other: other, isRelated: isRelated), to: agent)
    }
}
