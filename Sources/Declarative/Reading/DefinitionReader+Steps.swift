import JSON
import Model
import SimulationKit
import Support
import YAMLReading

extension DefinitionReader {
    /// What a step may do, each with the further keys that belong to it.
    private static let verbs: [(name: String, more: [String])] = [
        ("let", []), ("ask", ["prompt", "about", "choice", "scale", "text", "agent", "schema"]), ("set", []),
        ("add", []), ("collect", []), ("remember", []), ("tell", []), ("post", []), ("each", ["do"]), ("event", []),
    ]
    /// Verbs of the environment's turn.
    private static let environmentVerbs: Set<String> = ["let", "set", "event"]
    /// Steps within steps.
    private static let maxDepth = 8

    /// Notes the subjects of all messages that these steps send.
    mutating func collectSubjects(_ elements: [YAMLSection], depth: Int = 0) throws(UserError) {
        for element in elements where depth < Self.maxDepth {
            let step = try element.section(Self.element, keys: nil)
            for verb in ["tell", "post"] where step.has(verb) {
                let message = try step.section(verb, keys: nil)
                if message.has("subject") { subjects.insert(try message.text("subject")) }
            }
            if step.isList("do") { try collectSubjects(try step.elements("do", as: Self.element), depth: depth + 1) }
        }
    }

    /// The steps of a list; names that they introduce are known behind them.
    mutating func steps(
        _ elements: [YAMLSection], _ scope: inout KnownNames, depth: Int = 0
    ) throws(UserError) -> [Step] {
        var steps: [Step] = []
        for element in elements {
            let names = Self.verbs.map(\.name)
            let any = try element.section(Self.element, keys: nil)
            let found = any.keys.filter(names.contains)
            guard let verb = found.first, found.count == 1 else {
                throw element.error(
                    found.isEmpty
                        ? "a step does something"
                        : "a step does one thing, this one \(found.joined(separator: " and "))",
                    key: Self.element, advice: "one of \(names.joined(separator: ", "))")
            }
            guard depth < Self.maxDepth else {
                throw element.error("steps stand within more than \(Self.maxDepth) others", key: Self.element)
            }
            let more = Self.verbs.first { $0.name == verb }?.more ?? []
            let section = try element.section(Self.element, keys: ["when", verb] + more)
            guard scope.publicFields != nil || Self.environmentVerbs.contains(verb) else {
                throw section.error(
                    "the environment cannot \(verb)", key: verb,
                    advice: "its steps: \(Self.environmentVerbs.sorted().joined(separator: ", "))")
            }
            let condition = section.has("when") ? try expression(section, "when", scope) : nil
            steps.append(Step(condition: condition, action: try action(verb, section, &scope, depth)))
        }
        return steps
    }

    private mutating func action(
        _ verb: String, _ section: YAMLSection, _ scope: inout KnownNames, _ depth: Int
    ) throws(UserError) -> Step.Action {
        switch verb {
        case "let": return .compute(try computed(section, &scope))
        case "ask": return .ask(try question(section, &scope))
        case "set":
            let all = try assignments(section, "set", scope)
            let entries = try section.section("set", keys: nil)
            for entry in all {
                guard scope.settable.contains(entry.name) else {
                    throw entries.error(
                        "\(entry.name) is no dynamic field of \(scope.type.isEmpty ? "the environment" : scope.type)",
                        key: entry.name, advice: "settable: \(scope.settable.sorted().joined(separator: ", "))")
                }
                guard entry.value.root != .value(.null) || scope.nullable.contains(entry.name) else {
                    throw entries.error(
                        "\(entry.name) cannot be null", key: entry.name,
                        advice: "only a field whose initial value is null can be set to it")
                }
            }
            return .set(all)
        case "add": return .add(try contributions(section, "add", scope))
        case "collect": return .collect(try contributions(section, "collect", scope))
        case "remember": return .remember(try template(section, "remember", named: nextText(scope), scope))
        case "tell":
            let entry = try section.section("tell", keys: ["to", "subject", "text", "value"])
            return .tell(try message(entry, scope), to: try expression(entry, "to", scope))
        case "post":
            let entry = try section.section("post", keys: ["to", "subject", "text", "value"])
            let relation = try entry.text("to")
            definition.relations.insert(relation)
            return .post(try message(entry, scope), relation: relation)
        case "each":
            let entry = try section.section("each", keys: ["as", "in"])
            let name = try entry.text("as")
            let list = try expression(entry, "in", scope)
            var inside = scope
            try introduce(name, entry, "as", &inside)
            let inner = try steps(try section.elements("do", as: Self.element), &inside, depth: depth + 1)
            // What is named inside is not known behind the loop, but stays taken.
            scope.taken = inside.taken
            return .each(name: name, list: list, steps: inner)
        default:
            let entry = try section.section("event", keys: ["name", "details"])
            let name = try entry.text("name")
            guard name != Model.Operation.endOfRun else {
                throw entry.error(
                    "\(name) is the kit's own event, by which a run ends", key: "name",
                    advice: "choose another name; environment.stop says when the run ends")
            }
            return .event(name: name, details: try assignments(entry, "details", scope))
        }
    }

    private mutating func computed(
        _ section: YAMLSection, _ scope: inout KnownNames
    ) throws(UserError) -> [Step.Assignment] {
        let entries = try section.section("let", keys: nil)
        var all: [Step.Assignment] = []
        for name in entries.keys {
            all.append(Step.Assignment(name: name, value: try expression(entries, name, scope)))
            try introduce(name, entries, name, &scope)
        }
        return all
    }

    private mutating func question(_ section: YAMLSection, _ scope: inout KnownNames) throws(UserError) -> Question {
        let name = try section.text("ask")
        let prompt = try template(section, "prompt", named: "\(scope.type).\(name)", scope)
        let kinds = ["choice", "scale", "text", "agent", "schema"].filter(section.has)
        guard let kind = kinds.first, kinds.count == 1 else {
            throw section.error(
                "a question has one kind of answer", key: "ask",
                advice: "one of choice, scale, text: true, agent, schema")
        }
        let answer: Question.Answer
        switch kind {
        case "choice":
            if section.isList("choice") {
                let options = try section.scalars("choice").map { Value.text($0.readableText) }
                guard !options.isEmpty, Set(options).count == options.count else {
                    throw section.error("a choice has options, each once", key: "choice")
                }
                answer = .choice(Expression(text: "choice", root: .value(.list(options))))
            } else {
                answer = .choice(try expression(section, "choice", scope))
            }
        case "scale":
            let bounds = try section.scalars("scale")
            guard bounds.count == 2 else {
                throw section.error("a scale has two ends", key: "scale", advice: "write [1, 7]")
            }
            answer = .scale(
                try expression(bounds[0], section, "scale", scope), try expression(bounds[1], section, "scale", scope))
        case "agent": answer = .agent(try expression(section, "agent", scope))
        case "schema":
            let schema = JSONValue(try section.value("schema"))
            guard case .object = schema else {
                throw section.error("a schema is a mapping", key: "schema", advice: "as JSON Schema has it")
            }
            answer = .structured(schema: String(decoding: schema.serialized(), as: UTF8.self))
        default:
            guard try section.bool("text", default: false) else {
                throw section.error("write text: true", key: "text")
            }
            answer = .text
        }
        try introduce(name, section, "ask", &scope)
        return Question(name: name, prompt: prompt, answer: answer, about: try section.optionalText("about"))
    }

    private mutating func message(_ section: YAMLSection, _ scope: KnownNames) throws(UserError) -> Step.Message {
        Step.Message(
            subject: try section.text("subject"),
            text: section.has("text") ? try template(section, "text", named: nextText(scope), scope) : nil,
            value: section.has("value") ? try expression(section, "value", scope) : nil)
    }

    /// A name for a template that has none of its own.
    private func nextText(_ scope: KnownNames) -> String { "\(scope.type).text\(definition.templates.count)" }

    private func introduce(
        _ name: String, _ section: YAMLSection, _ key: String, _ scope: inout KnownNames
    ) throws(UserError) {
        try Self.check(name: name, in: section, at: key)
        guard !scope.fields.contains(name) else {
            throw section.error("\(name) is a field already", key: key, advice: "choose another name")
        }
        guard scope.taken.insert(name).inserted else {
            throw section.error(
                "\(name) is the name of something else already", key: key, advice: "choose another name")
        }
        scope.locals.append(name)
    }
}
