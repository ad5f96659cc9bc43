import Model
import SimulationKit

/// Takes the steps of one turn, one after the other.
struct StepPlayer {
    let turn: Turn
    private let type: AgentTypeDefinition?
    private(set) var scope: TurnScope

    /// A player of an agent's turn, or of the environment's where `type` is nil.
    init(_ turn: Turn, type: AgentTypeDefinition?, _ definition: ScenarioDefinition, _ peers: Peers) {
        self.turn = turn
        self.type = type
        scope = TurnScope(turn: turn, definition: definition, peers: peers)
    }

    /// Takes all steps whose conditions hold. Whatever an expression cannot compute fails the turn.
    mutating func play(_ steps: [Step]) async throws {
        for step in steps {
            do {
                if let condition = step.condition, try !condition.holds(in: scope) {
                    skip(step.action)
                    continue
                }
                try await take(step.action)
            } catch let error as ExpressionError {
                throw TurnFailed.step(error.what)
            }
        }
    }

    /// Whether an expression holds at this point.
    func holds(_ expression: Expression) throws -> Bool {
        do { return try expression.holds(in: scope) } catch let error as ExpressionError {
            throw TurnFailed.step(error.what)
        }
    }

    /// What a step that is left out would have named is nothing.
    private mutating func skip(_ action: Step.Action) {
        switch action {
        case .ask(let question): scope.locals[question.name] = .null
        case .compute(let all): for entry in all { scope.locals[entry.name] = .null }
        // What a loop names is not known behind it.
        case .set, .add, .collect, .remember, .tell, .post, .each, .event: break
        }
    }

    private mutating func take(_ action: Step.Action) async throws {
        switch action {
        case .compute(let all): for entry in all { scope.locals[entry.name] = try entry.value.value(in: scope) }
        case .ask(let question):
            let answer = try await ask(question)
            scope.locals[question.name] = answer
            try turn.event(Self.answered, ["question": .text(question.name), "answer": answer])
        case .set(let all): for entry in all { try set(entry.name, to: try entry.value.value(in: scope)) }
        case .add(let all):
            for entry in all {
                guard let amount = try entry.value.value(in: scope).int else {
                    throw ExpressionError("only whole numbers are added, use collect or round: \(entry.value.text)")
                }
                let name = try name(of: entry)
                guard (present(name) ?? .int(0)).int != nil else {
                    throw ExpressionError("\(name) is no whole number, nothing can be added to it")
                }
                try turn.count(amount, in: name)
            }
        case .collect(let all):
            for entry in all {
                let name = try name(of: entry)
                guard (present(name) ?? .list([])).list != nil else {
                    throw ExpressionError("\(name) is no list, nothing can be collected in it")
                }
                try turn.note(try entry.value.value(in: scope), to: name)
            }
        case .remember(let text): try turn.rememberText(try rendered(text))
        case .tell(let message, let to):
            let body = try body(of: message)
            for agent in try scope.agents(in: try to.value(in: scope)) {
                try turn.tell(agent, subject: message.subject, body: body)
            }
        case .post(let message, let relation): try turn.post(message.subject, try body(of: message), to: relation)
        case .each(let name, let list, let steps):
            guard let elements = try list.value(in: scope).list else {
                throw ExpressionError("each takes a list: \(list.text)")
            }
            let outside = scope.locals
            for element in elements {
                scope.locals[name] = element
                try await play(steps)
                scope.locals = outside
            }
        case .event(let name, let details):
            var values: [String: Value] = [:]
            for entry in details { values[entry.name] = try entry.value.value(in: scope) }
            try turn.event(name, values)
        }
    }

    /// Name of the event that notes an answer.
    static let answered = "answer"

    // MARK: Writing

    func fields(of template: TextTemplate) throws -> [String: Value] {
        try scope.fields(for: template.names, of: type?.fields.map(\.name) ?? [])
    }

    private func rendered(_ template: TextTemplate) throws -> String {
        turn.assets.prompts.render(template.name, fields: .map(try fields(of: template)))
    }

    private func body(of message: Step.Message) throws -> Value {
        var body: [String: Value] = [:]
        if let text = message.text { body["text"] = .text(try rendered(text).trimmingWhitespace()) }
        if let value = message.value { body["value"] = try value.value(in: scope) }
        return .map(body)
    }

    private func name(of entry: Step.Contribution) throws -> String {
        guard let key = entry.key else { return entry.field }
        return EnvironmentDefinition.name(entry.field, key: try Arithmetic.text(try key.value(in: scope)))
    }

    private func set(_ name: String, to value: Value) throws {
        guard let type else { return try setEnvironment(name, to: value) }
        guard let field = type.fields.first(where: { $0.name == name }) else { return }
        guard value != .null else {
            guard field.initial == .null else { throw Self.notNull(name) }
            return try turn.set(name, to: value)
        }
        guard field.kind.accepts(value) else {
            throw ExpressionError("\(name) takes a \(field.kind.rawValue): round, number and text convert")
        }
        try turn.set(name, to: value)
    }

    /// A keyed field takes the place of all its values by a map of new ones.
    private func setEnvironment(_ name: String, to value: Value) throws {
        guard scope.definition.environment.keyed.contains(name) else {
            try check(value, of: name)
            return try turn.set(name, to: value)
        }
        guard let values = value.map else {
            throw ExpressionError("\(name) has keys: set it to another keyed field, or to empty")
        }
        let sorted = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for (_, value) in sorted { try check(value, of: name) }
        let known = turn.dynamicFields.keys.filter {
            EnvironmentDefinition.key(of: $0, in: name).map { values[$0] == nil } ?? false
        }
        for field in known.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) { try turn.set(field, to: .null) }
        for (key, value) in sorted {
            try turn.set(EnvironmentDefinition.name(name, key: key), to: value)
        }
    }

    /// What the environment has of that name as of the start of the round.
    private func present(_ name: String) -> Value? { turn.world(name).flatMap { $0 == .null ? nil : $0 } }

    /// What turns add to stays a whole number, what they collect in stays a list.
    private func check(_ value: Value, of name: String) throws(ExpressionError) {
        let environment = scope.definition.environment
        guard value != .null || environment.fields[name] == .null else { throw Self.notNull(name) }
        guard !environment.sums.contains(name) || value.int != nil else {
            throw ExpressionError("\(name) takes a whole number, since turns add to it: round makes one")
        }
        guard !environment.lists.contains(name) || value.list != nil else {
            throw ExpressionError("\(name) takes a list, since turns collect in it")
        }
    }

    private static func notNull(_ name: String) -> ExpressionError {
        ExpressionError("\(name) cannot be null: its initial value is not")
    }
}
