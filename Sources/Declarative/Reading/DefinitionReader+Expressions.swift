import JSON
import Model
import SimulationKit
import Support
import YAMLReading

extension DefinitionReader {
    /// The expression under `key`: a text, a number or a truth value.
    mutating func expression(_ section: YAMLSection, _ key: String, _ scope: KnownNames) throws(UserError) -> Expression
    {
        // Lists and mappings are what they say.
        guard section.isScalar(key) else { return Expression(text: key, root: .value(try section.value(key))) }
        return try expression(try section.value(key), section, key, scope)
    }

    /// A scalar as an expression: numbers and truth values stand for themselves.
    mutating func expression(
        _ value: Value, _ section: YAMLSection, _ key: String, _ scope: KnownNames
    ) throws(UserError) -> Expression {
        guard case .text(let text) = value else { return Expression(text: "\(value)", root: .value(value)) }
        return try expression(text, section, key, scope)
    }

    /// The expression that `text` says.
    mutating func expression(
        _ text: String, _ section: YAMLSection, _ key: String, _ scope: KnownNames
    ) throws(UserError) -> Expression {
        let expression: Expression
        do {
            expression = try ExpressionParser.parse(text)
        } catch {
            throw section.error("\(text) is no expression: \(error.what)", key: key, advice: "a text stands in quotes")
        }
        for path in expression.names where path.first == "related" && path.count > 1 {
            definition.relations.insert(path[1])
        }
        for path in expression.names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard let objection = scope.objection(to: path) else { continue }
            let near = path.first.flatMap { NearestName.of($0, among: scope.all) }.map { "did you mean \($0)? " } ?? ""
            throw section.error(
                "\(objection), in: \(text)", key: key,
                advice: "\(near)known: \(scope.all.joined(separator: ", ")); a text stands in quotes")
        }
        return expression
    }

    /// A mapping of names to expressions, in the file's order.
    mutating func assignments(
        _ section: YAMLSection, _ key: String, _ scope: KnownNames
    ) throws(UserError) -> [Step.Assignment] {
        let entries = try section.section(key, keys: nil)
        var all: [Step.Assignment] = []
        for name in entries.keys {
            all.append(Step.Assignment(name: name, value: try expression(entries, name, scope)))
        }
        return all
    }

    /// A mapping of fields of the environment, keyed ones as `pot[key]`, to expressions.
    mutating func contributions(
        _ section: YAMLSection, _ key: String, _ scope: KnownNames
    ) throws(UserError) -> [Step.Contribution] {
        let entries = try section.section(key, keys: nil)
        var all: [Step.Contribution] = []
        for name in entries.keys {
            let field = String(name.prefix { $0 != "[" })
            guard definition.environment.fields[field] != nil else {
                throw entries.error(
                    "the environment has no field \(field)", key: name,
                    advice: "add it to environment.fields, or to environment.keyed")
            }
            var fieldKey: Expression?
            if field.count < name.count, name.hasSuffix("]") {
                let text = String(name.dropFirst(field.count + 1).dropLast())
                fieldKey = try expression(text, entries, name, scope)
            }
            guard definition.environment.keyed.contains(field) == (fieldKey != nil) else {
                throw entries.error(
                    fieldKey == nil ? "\(field) has a value for each key" : "\(field) has no keys", key: name,
                    advice: fieldKey == nil
                        ? "write \(field)[key]" : "write \(field), or make it one of environment.keyed")
            }
            try takeContributions(to: field, by: key, entries, name)
            let value = try expression(entries, name, scope)
            all.append(Step.Contribution(field: field, key: fieldKey, value: value))
        }
        return all
    }

    /// Notes that turns add to a field of the environment, or collect in it. A value of a keyed one begins at nothing,
    /// others as they are said to.
    private mutating func takeContributions(
        to field: String, by verb: String, _ entries: YAMLSection, _ key: String
    ) throws(UserError) {
        let initial = definition.environment.fields[field] ?? .null
        let isKeyed = definition.environment.keyed.contains(field)
        let isSum = verb == "add"
        let fits =
            isKeyed ? initial == (isSum ? .int(0) : .list([])) : isSum ? initial.int != nil : initial.list != nil
        guard fits else {
            let value = String(decoding: JSONValue(initial).serialized(), as: UTF8.self)
            let (place, needed) = (isKeyed ? "keyed" : "fields", isSum ? "0" : "[]")
            throw entries.error(
                "\(field) begins as \(value)\(isKeyed ? " for each key" : ""), "
                    + (isSum ? "to which nothing is added" : "in which nothing is collected"),
                key: key, advice: "write \(field): \(needed) in environment.\(place)")
        }
        if isSum { definition.environment.sums.insert(field) } else { definition.environment.lists.insert(field) }
    }

    /// A text under `key` as a template that has been compiled; nil where there is none.
    static func compiled(
        _ section: YAMLSection, _ key: String
    ) throws(UserError) -> (source: String, template: PromptTemplate)? {
        guard let source = try section.block(key) else { return nil }
        let (file, line) = section.textPlace(key)
        return (source, try PromptTemplate(source, place: TemplatePlace(file: file, firstLine: line)))
    }

    /// A template whose text stands under `key`.
    mutating func template(
        _ section: YAMLSection, _ key: String, named name: String, _ scope: KnownNames
    ) throws(UserError) -> TextTemplate {
        guard let (source, compiled) = try Self.compiled(section, key) else {
            throw section.error("the text \(key) is missing", key: key, advice: "add \(key):")
        }
        let names = compiled.names
        // What stands inside of a section may be a member of its elements: the kit checks that, by the whole list.
        var fields = scope.fields + scope.locals + ["round"]
        for type in scope.types { fields.append("population.\(type)") }
        for field in scope.world where !definition.environment.keyed.contains(field) { fields.append("world.\(field)") }
        if let publicFields = scope.publicFields {
            var lists = scope.subjects.map { "inbox.\($0)" } + publicFields.map { "same.\($0)" }
            lists += names.filter { $0.first == "related" && $0.count > 1 }.map { "related.\($0[1])" }
            for list in lists { fields += [list] + Self.ofElements.map { "\(list).\($0)" } }
            fields += otherFields.flatMap { field in lists.map { "\($0).\(field)" } }
            fields += publicFields.map { "me.\($0)" }
        }
        // Computed values, answers and elements of loops may be maps or lists of them.
        for local in scope.locals {
            for path in names where path.first == local && path.count > 1 {
                fields.append(path.joined(separator: "."))
            }
            fields += (Self.ofElements + otherFields).map { "\(local).\($0)" }
        }
        try compiled.check(fields: Set(fields))
        let template = TextTemplate(name: name, source: source, fields: fields, names: names)
        for name in names where name.first == "related" && name.count > 1 { definition.relations.insert(name[1]) }
        add(template)
        return template
    }

    /// What is known of each message, and of each other agent besides its public fields.
    private static let ofElements = ["from", "text", "value", "id"]
}
