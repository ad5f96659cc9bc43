import JSON
import Model
import SimulationKit

/// Takes the steps of one turn, one after the other.
struct StepPlayer {
    private let turn: Turn
    private let type: AgentTypeDefinition?
    private var scope: TurnScope

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
        case .each(_, _, let steps): for step in steps { skip(step.action) }
        case .set, .add, .collect, .remember, .tell, .post, .event: break
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
                try turn.count(amount, in: try name(of: entry))
            }
        case .collect(let all):
            for entry in all { try turn.note(try entry.value.value(in: scope), to: try name(of: entry)) }
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
            for step in steps { skip(step.action) }
            for element in elements {
                scope.locals[name] = element
                try await play(steps)
            }
            scope.locals[name] = .null
        case .event(let name, let details):
            var values: [String: Value] = [:]
            for entry in details { values[entry.name] = try entry.value.value(in: scope) }
            try turn.event(name, values)
        }
    }

    /// Name of the event that notes an answer.
    static let answered = "answer"

    // MARK: Asking

    private func ask(_ question: Question) async throws -> Value {
        let (name, about) = (question.prompt.name, question.about)
        let fields = try fields(of: question.prompt)
        switch question.answer {
        case .choice(let options):
            let options = try self.options(options)
            return .text(options[try await turn.choose(name, fields, options: options, about: about)])
        case .scale(let low, let high):
            guard let low = try low.value(in: scope).int, let high = try high.value(in: scope).int, low <= high,
                high - low < Int64(Question.maxOptions)
            else {
                throw ExpressionError(
                    "the scale of \(question.name) needs whole numbers, the lower one first, \(Question.maxOptions) at most"
                )
            }
            guard low < high else { return .int(low) }
            return .int(Int64(try await turn.rate(name, fields, scale: Int(low)...Int(high), about: about)))
        case .text: return .text(try await turn.write(name, fields, about: about))
        case .agent(let agents):
            let agents = try scope.agents(in: try agents.value(in: scope))
            guard !agents.isEmpty else { return .null }
            let names = distinctNames(of: agents)
            return scope.value(of: agents[try await turn.choose(name, fields, options: names, about: about)])
        case .structured(let schema):
            let text = try await turn.structured(name, fields, schema: schema, about: about)
            guard let value = try? JSONValue(parsing: Array(text.utf8)) else {
                throw TurnFailed(.init(reason: .rejectedAnswers, text: "\(question.name): the answer is no JSON"))
            }
            return value.modelValue
        }
    }

    private func options(_ expression: Expression) throws -> [String] {
        guard let values = try expression.value(in: scope).list, !values.isEmpty, values.count <= Question.maxOptions
        else { throw ExpressionError("a choice takes a list of 1 to \(Question.maxOptions) texts: \(expression.text)") }
        let texts = try values.map(Arithmetic.text)
        guard Set(texts).count == texts.count else {
            throw ExpressionError("a choice has an option twice: \(expression.text)")
        }
        return texts
    }

    /// Names to choose among; those that several bear have the agent's id behind them.
    private func distinctNames(of agents: [AgentID]) -> [String] {
        let population = turn.assets.population
        let names = agents.map { turn.publicProfile(of: $0)["name"]?.text ?? population.id(of: $0) }
        var counts: [String: Int] = [:]
        for name in names { counts[name, default: 0] += 1 }
        return zip(agents, names).map { agent, name in
            counts[name] == 1 ? name : "\(name) (\(population.id(of: agent)))"
        }
    }

    // MARK: Writing

    private func fields(of template: TextTemplate) throws -> [String: Value] {
        try scope.fields(for: template.names, of: type?.fields.map(\.name) ?? [])
    }

    private func rendered(_ template: TextTemplate) throws -> String {
        turn.assets.prompts.render(template.name, fields: .map(try fields(of: template)))
    }

    private func body(of message: Step.Message) throws -> Value {
        var body: [String: Value] = [:]
        if let text = message.text { body["text"] = .text(try rendered(text).trimmed) }
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
        guard value == .null || field.kind.accepts(value) else {
            throw ExpressionError("\(name) takes a \(field.kind.rawValue): round, number and text convert")
        }
        try turn.set(name, to: value)
    }

    /// A keyed field takes the place of all its values by a map of new ones.
    private func setEnvironment(_ name: String, to value: Value) throws {
        guard scope.definition.environment.keyed.contains(name) else { return try turn.set(name, to: value) }
        guard let values = value.map else {
            throw ExpressionError("\(name) has keys: set it to another keyed field, or to empty")
        }
        let known = turn.dynamicFields.keys.filter {
            EnvironmentDefinition.key(of: $0, in: name).map { values[$0] == nil } ?? false
        }
        for field in known.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) { try turn.set(field, to: .null) }
        for (key, value) in values.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            try turn.set(EnvironmentDefinition.name(name, key: key), to: value)
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        let isText: (Character) -> Bool = { !$0.isWhitespace }
        guard let first = firstIndex(where: isText), let last = lastIndex(where: isText) else { return "" }
        return String(self[first...last])
    }
}
