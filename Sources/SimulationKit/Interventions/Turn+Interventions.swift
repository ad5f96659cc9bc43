import Model

extension Intervention {
    /// What it changes of whom, in order. Names that nobody has are passed by. `time` is that of new memories.
    package func operations(
        for population: Population, types: [AgentTypeDefinition], time: Int64
    ) -> [(target: AgentID, operation: Model.Operation)] {
        let targets = agents.agents(of: population)
        let isForAll = agents == .everyone
        var all: [(target: AgentID, operation: Model.Operation)] = []
        func add(_ operation: Model.Operation) { for target in targets { all.append((target, operation)) } }
        for effect in effects {
            switch effect {
            case .set(let field, let value):
                add(.set(field: field, value: value))
                // Templates show lists and maps as text, by a name of its own. Types may have fields of one name in
                // different kinds.
                let named = types.compactMap { type in
                    type.fields.first { $0.name == field }?.textName.map { (type.name, $0) }
                }
                guard agents != .environment, !named.isEmpty else { continue }
                let textNames = Dictionary(named) { first, _ in first }
                let text = value.readableText
                for target in targets {
                    guard let name = textNames[population.type(of: target)] else { continue }
                    all.append((target, .set(field: name, value: .text(text))))
                }
            case .add(let field, let amount): add(.add(field: field, amount: amount))
            case .remember(let text): add(.remember(text: text, time: time))
            case .message(let subject, let body): add(.message(sender: .environment, subject: subject, body: body))
            case .announce(let text) where isForAll || agents == .environment:
                all.append((.environment, .set(field: Self.announcementField, value: .text(text))))
            case .announce(let text): add(.set(field: Self.ownAnnouncementField, value: .text(text)))
            case .broadcast(let text):
                add(.message(sender: .environment, subject: Self.broadcastSubject, body: .text(text)))
                add(.remember(text: text, time: time))
            case .relate(let relation, let others, let isRelated):
                for other in others.compactMap({ population.agent(withID: $0) }) {
                    for target in targets where target != other {
                        all.append((target, .relate(relation: relation, other: other, isRelated: isRelated)))
                    }
                }
            }
        }
        return all
    }
}

extension Turn {
    /// Names of the events that tell of an intervention, with its number among those of the round, from 0.
    package static let intervened = "intervention"
    package static let interventionRefused = "intervention_refused"

    /// Carries out interventions in the environment's turn. Each happens as a whole or, where the turn may not write
    /// so much any more, not at all: then an event says so.
    package func carryOut(_ interventions: [Intervention]) throws {
        for (place, intervention) in interventions.enumerated() {
            let operations = intervention.operations(
                for: assets.population, types: assets.scenario.agentTypes, time: time)
            let bytes = operations.reduce(0) { $0 + $1.operation.estimatedBytes + TargetedOperation.overheadBytes }
            let fits = log.bytes + bytes <= assets.limits.bytes
            if fits { for (target, operation) in operations { try write(operation, to: target) } }
            // Small, and told in any case: the limit leaves room for it in the message.
            let details: [String: Value] = ["number": .int(Int64(place)), "changes": .int(Int64(operations.count))]
            log.add(
                TargetedOperation(
                    number: try log.take(), target: agent,
                    operation: .event(
                        name: fits ? Self.intervened : Self.interventionRefused, details: .map(details))))
        }
    }
}

extension TargetedOperation {
    /// What a packed operation takes beyond its own estimate: number, target, head.
    static let overheadBytes = 16
}
