import Model
import SimulationKit

/// What calls and operations look like in a report.
struct ReadableTexts: Sendable {
    let population: Population

    /// A prompt as one text: the role in a line before each message.
    func prompt(_ messages: [PromptMessage]) -> String {
        messages.map { "[\($0.role.name)]\n\($0.text)" }.joined(separator: "\n")
    }

    /// What a call asks: for a completion the prompt, and how it must be answered.
    func request(_ spec: CompletionSpec) -> String {
        let constraint =
            switch spec.constraint {
            case .free: "any text"
            case .choice(let options): "one of " + options.joined(separator: " | ")
            case .jsonSchema(let schema): "JSON of \(schema)"
            }
        let sampling = spec.sampling
        return prompt(spec.messages)
            + "\n[answer: \(constraint); \(spec.kind.name), model \(spec.model), temperature "
            + "\(sampling.temperature)/1000, top_p \(sampling.topP)/1000, \(sampling.maxTokens) tokens"
            + "\(spec.reading == .distribution ? ", drawn" : "")]"
    }

    /// The texts of an embedding call.
    func request(_ texts: [String]) -> String { "[embed]\n" + texts.joined(separator: "\n") }

    /// A change with whom it concerns.
    func operation(_ targeted: TargetedOperation) -> String {
        let target = population.id(of: targeted.target)
        return switch targeted.operation {
        case .set(let field, let value): "set \(field) of \(target) to \(text(value))"
        case .add(let field, let amount): "add \(amount) to \(field) of \(target)"
        case .append(let field, let value): "append \(text(value)) to \(field) of \(target)"
        case .claim(let resource, let amount): "claim \(amount) \(resource) of \(target)"
        case .remember(let memory, let time): "remember at \(time) s for \(target): \(memory)"
        case .message(_, let subject, let body): "message to \(target), \(subject): \(text(body))"
        case .event(let name, let details): "event \(name) about \(target): \(text(details))"
        case .claimResult(_, let resource, let granted): "\(resource) \(granted ? "granted" : "refused") to \(target)"
        case .relate(let relation, let other, let isRelated):
            "\(isRelated ? "relate" : "unrelate") \(target) "
                + "\(isRelated ? "to" : "from") \(population.id(of: other)) in \(relation)"
        case .consolidate(let result):
            "consolidate for \(target): importances \(result.importances), accumulator \(result.accumulator), insights "
                + result.insights.map { "\($0.importance): \($0.text)" }.joined(separator: " | ")
        }
    }

    /// A value, map keys in the order of their bytes.
    func text(_ value: Value) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .int(let value): "\(value)"
        case .double(let value): "\(value)"
        case .text(let text): text
        case .list(let values): "[" + values.map(text).joined(separator: ", ") + "]"
        case .map(let values):
            "{" + values.sorted { $0.key < $1.key }.map { "\($0.key): \(text($0.value))" }.joined(separator: ", ")
                + "}"
        }
    }
}
