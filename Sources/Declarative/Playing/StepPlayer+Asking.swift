import JSON
import Model
import SimulationKit

extension StepPlayer {
    /// What the model answers.
    func ask(_ question: Question) async throws -> Value {
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
                    "the scale of \(question.name) needs whole numbers, the lower one first, "
                        + "\(Question.maxOptions) at most"
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
            return Value(value)
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
}
