import Model
import Support

extension Intervention {
    /// Throws where a run cannot carry it out: an agent, a field or a relation that does not exist, a value that does
    /// not fit, or more changes than one turn may write. `place` is what errors call it.
    public func check(for assets: SimulationAssets, at place: String) throws(UserError) {
        try check(
            population: assets.population, types: assets.scenario.agentTypes, relations: Set(assets.relations.keys),
            at: place)
    }

    /// The same before there is a run: of its population, its types of agents and the names of its relations.
    public func check(
        population: Population, types: [AgentTypeDefinition], relations: Set<String>, at place: String
    ) throws(UserError) {
        let check = InterventionCheck(
            population: population, types: types, relations: relations,
            reader: InterventionReader(place: place))
        try check.selection(agents)
        let targets = agents.agents(of: population)
        guard !targets.isEmpty else {
            throw check.reader.error("it concerns nobody", "agents", "see the population for who there is")
        }
        let names = Set(targets.lazy.map { population.type(of: $0) })
        let concerned = types.filter { names.contains($0.name) }
        for effect in effects { try check.effect(effect, of: concerned, isOfEnvironment: agents == .environment) }
        // Before anything is written out: a few lines may stand for a great deal.
        let each = effects.reduce(0) { sum, effect in
            // What is announced to everybody is one change of the environment.
            if case .announce = effect, agents == .everyone { return sum }
            return sum + effect.mostBytesForEach
        }
        let bytes = each.multipliedReportingOverflow(by: targets.count).partialValue
        guard bytes <= TreeLimits.defaultBytes / 2 else {
            throw check.reader.error(
                "it changes \(targets.count) agents, more than one turn may write (\(bytes) of "
                    + "\(TreeLimits.defaultBytes / 2) bytes)", "agents",
                "name fewer agents, or announce a text: that is one change, however many read it")
        }
    }
}

/// Compares an intervention with what a run has.
private struct InterventionCheck {
    let population: Population
    let types: [AgentTypeDefinition]
    let relations: Set<String>
    let reader: Intervention.InterventionReader

    func selection(_ selection: AgentSelection) throws(UserError) {
        switch selection {
        case .everyone, .environment: return
        case .named(let names):
            let known = Set(types.map(\.name))
            for name in names where population.agent(withID: name) == nil {
                guard !known.contains(name) else { continue }
                let near = NearestName.of(name, among: types.map(\.name)).map { ", or the type \($0)?" } ?? ""
                throw reader.error(
                    "there is no agent and no type \(name)", "agents", "give an id of the population\(near)")
            }
        case .matching(let type, let conditions):
            let candidates = type.map { name in types.filter { $0.name == name } } ?? types
            guard !candidates.isEmpty else {
                throw reader.error(
                    "there is no type \(type ?? "")", "agents.type",
                    "there are \(types.map(\.name).joined(separator: ", "))")
            }
            for condition in conditions {
                let known = candidates.flatMap(\.fields).filter { $0.visibility == .everyone }.map(\.name)
                guard !known.contains(condition.field) else { continue }
                throw reader.error(
                    "there is no public field \(condition.field)", "agents.where", advice(condition.field, known))
            }
        }
    }

    func effect(
        _ effect: Intervention.Effect, of types: [AgentTypeDefinition], isOfEnvironment: Bool
    ) throws(UserError) {
        switch effect {
        case .set(let field, let value):
            // The environment's fields are whatever somebody sets.
            guard !isOfEnvironment else { return try ownField(field, "set") }
            try self.field(field, of: types, "set") { definition throws(UserError) in
                guard value != .null, definition.kind.accepts(value) else {
                    throw reader.error(
                        "the field takes a \(definition.kind.rawValue)", "set.\(field)", "write such a value")
                }
            }
        case .add(let field, _):
            guard !isOfEnvironment else { return try ownField(field, "add") }
            try self.field(field, of: types, "add") { definition throws(UserError) in
                guard definition.kind == .int else {
                    throw reader.error(
                        "the field is no whole number, but a \(definition.kind.rawValue)", "add.\(field)",
                        "give it a value by set")
                }
            }
        case .relate(let relation, let others, let isRelated):
            let key = isRelated ? "relate" : "unrelate"
            guard relations.contains(relation), !isOfEnvironment else {
                throw reader.error(
                    isOfEnvironment ? "the environment has no relations" : "there is no relation \(relation)",
                    "\(key).relation", advice(relation, relations.sorted()))
            }
            for other in others where population.agent(withID: other) == nil {
                throw reader.error("there is no agent \(other)", "\(key).to", "give an id of the population")
            }
        case .remember, .message, .broadcast:
            guard !isOfEnvironment else {
                throw reader.error(
                    "the environment has no memory and no inbox", effect.key, "name agents, or set its fields")
            }
        case .announce: return
        }
    }

    private func ownField(_ name: String, _ key: String) throws(UserError) {
        guard FieldDefinition.isReserved(name) else { return }
        throw reader.error(
            "fields that begin with \(FieldDefinition.reservedPrefix) are not yours to change", "\(key).\(name)",
            "choose another name")
    }

    /// A field that agents of each of the types have and may change.
    private func field(
        _ name: String, of types: [AgentTypeDefinition], _ key: String,
        _ check: (FieldDefinition) throws(UserError) -> Void
    ) throws(UserError) {
        for type in types {
            let known = type.fields.filter { $0.mutability == .dynamic }.map(\.name)
            guard let definition = type.fields.first(where: { $0.name == name }) else {
                throw reader.error("a \(type.name) has no field \(name)", "\(key).\(name)", advice(name, known))
            }
            guard definition.mutability == .dynamic else {
                throw reader.error(
                    "the field \(name) of a \(type.name) is static: it is the same for the whole run",
                    "\(key).\(name)",
                    known.isEmpty
                        ? "a \(type.name) has no dynamic field" : "dynamic are \(known.joined(separator: ", "))")
            }
            try check(definition)
        }
    }

    private func advice(_ name: String, _ known: [String]) -> String {
        let near = NearestName.of(name, among: known).map { "did you mean \($0)? " } ?? ""
        return near + (known.isEmpty ? "there is none" : "there are \(known.joined(separator: ", "))")
    }
}
