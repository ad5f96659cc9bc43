import Model
import SimulationKit
import Support
import YAMLReading

/// Reads a scenario's YAML, and checks whatever can be known before a run: names, expressions, templates.
struct DefinitionReader {
    /// What stands under `scenario` where the scenario is written there.
    static let keys = ["agents", "environment", "templates", "prompts"]

    var definition = ScenarioDefinition()
    /// Subjects of the messages that some step sends, to which inboxes may refer.
    var subjects: Set<String> = []
    /// Names of the types of agents.
    var types: [String] = []
    /// Public fields that never change, of any type: what a turn knows of other agents.
    var otherFields: [String] = []

    /// The scenario in `yaml`, whose outermost mapping is what stands under `scenario`. `file` is what errors name.
    static func read(_ yaml: String, file: String) throws(UserError) -> ScenarioDefinition {
        let root = try YAMLSection(yaml: yaml, file: file, keys: keys)
        var reader = DefinitionReader()
        try reader.read(root)
        return reader.definition
    }

    private mutating func read(_ root: YAMLSection) throws(UserError) {
        let agents = try root.section("agents", keys: nil)
        guard !agents.keys.isEmpty else {
            throw root.error("a scenario has agents", key: "agents", advice: "add agents: with a type and its turn")
        }
        types = agents.keys
        try readEnvironmentFields(root)
        var sections: [(AgentTypeDefinition, YAMLSection)] = []
        for name in agents.keys {
            try Self.check(name: name, in: agents)
            let section = try agents.section(name, keys: ["fields", "instruction", "profile", "now", "turn"])
            sections.append((AgentTypeDefinition(name: name, fields: try fields(section)), section))
        }
        for field in sections.flatMap({ $0.0.fields })
        where field.visibility == .everyone && !otherFields.contains(field.name) { otherFields.append(field.name) }
        for (_, section) in sections { try collectSubjects(try section.elements("turn", as: Self.element)) }
        for (type, section) in sections {
            for (part, key) in [("instruction", "instruction"), ("profile", "profile"), ("dynamic", "now")] {
                guard let (text, compiled) = try Self.compiled(section, key) else { continue }
                let fields = part == "dynamic" ? type.templateFields : Self.fixedFields(type)
                try compiled.check(fields: Set(fields))
                add(TextTemplate(name: "\(type.name).\(part)", source: text, fields: fields, names: []))
            }
            var scope = KnownNames(type: type, reader: self)
            let steps = try self.steps(try section.elements("turn", as: Self.element), &scope)
            definition.agents.append(AgentDefinition(type: type, steps: steps))
        }
        try readEnvironment(root)
        try readTemplates(root)
    }

    /// Name under which an element of a list of steps is read.
    static let element = "step"

    private static func fixedFields(_ type: AgentTypeDefinition) -> [String] {
        AgentTypeDefinition(name: type.name, fields: type.fields.filter { $0.mutability == .fixed }).templateFields
    }

    /// Keeps a template under its name.
    mutating func add(_ template: TextTemplate) { definition.templates[template.name] = template }

    /// Names are words, so that expressions and templates can use them.
    static func check(name: String, in section: YAMLSection, at key: String? = nil) throws(UserError) {
        let key = key ?? name
        let isWord =
            name.utf8.count <= 64 && name.first.map { $0.isLetter || $0 == "_" } == true
            && name.allSatisfy { $0.isLetter || $0 == "_" || ("0"..."9").contains($0) }
        guard isWord else {
            throw section.error("\(name) is no name", key: key, advice: "use letters, digits and _, a letter first")
        }
        guard !KnownNames.reserved.contains(name), Expression.Operator(rawValue: name) == nil, name != "not" else {
            throw section.error("\(name) has a meaning of its own", key: key, advice: "choose another name")
        }
    }

    // MARK: Fields

    private func fields(_ section: YAMLSection) throws(UserError) -> [FieldDefinition] {
        let entries = try section.section("fields", keys: nil)
        var fields: [FieldDefinition] = []
        for name in entries.keys {
            try Self.check(name: name, in: entries)
            // `name: text` is short for a fixed field that only its owner sees.
            if entries.isScalar(name) {
                fields.append(FieldDefinition(name, try kind(entries, name)))
                continue
            }
            let entry = try entries.section(name, keys: ["kind", "public", "dynamic", "initial"])
            let kind = try kind(entry, "kind")
            let initial = entry.keys.contains("initial") ? try entry.value("initial") : nil
            fields.append(
                FieldDefinition(
                    name, kind, visibility: try entry.bool("public", default: false) ? .everyone : .owner,
                    mutability: try entry.bool("dynamic", default: false) ? .dynamic : .fixed, initial: initial))
            if let initial, initial != .null, !kind.accepts(initial) {
                throw entry.error("the initial value of \(name) is no \(kind.rawValue)", key: "initial")
            }
        }
        return fields
    }

    private static let kinds: [String: FieldDefinition.Kind] = [
        "text": .text, "int": .int, "number": .number, "bool": .bool, "list": .list, "map": .map,
    ]

    private func kind(_ section: YAMLSection, _ key: String) throws(UserError) -> FieldDefinition.Kind {
        let name = try section.text(key)
        guard let kind = Self.kinds[name] else {
            throw section.error(
                "\(name) is no kind of field", key: key,
                advice: "one of \(Self.kinds.keys.sorted().joined(separator: ", "))")
        }
        return kind
    }

    // MARK: Environment and further templates

    private mutating func readEnvironmentFields(_ root: YAMLSection) throws(UserError) {
        let section = try root.section("environment", keys: ["fields", "keyed", "update", "stop"])
        for (key, isKeyed) in [("fields", false), ("keyed", true)] {
            let fields = try section.section(key, keys: nil)
            for name in fields.keys {
                try Self.check(name: name, in: fields)
                guard definition.environment.fields[name] == nil else {
                    throw fields.error("the environment has two fields named \(name)", key: name)
                }
                definition.environment.fields[name] = try fields.value(name)
                if isKeyed { definition.environment.keyed.insert(name) }
            }
        }
    }

    private mutating func readEnvironment(_ root: YAMLSection) throws(UserError) {
        let section = try root.section("environment", keys: ["fields", "keyed", "update", "stop"])
        var scope = KnownNames(reader: self)
        definition.environment.steps = try steps(try section.elements("update", as: Self.element), &scope)
        if section.has("stop") { definition.environment.stop = try expression(section, "stop", scope) }
    }

    private mutating func readTemplates(_ root: YAMLSection) throws(UserError) {
        let known = KitTemplates.definitions
        let section = try root.section("templates", keys: known.map(\.name))
        for definition in known {
            guard let own = try Self.compiled(section, definition.name) else { continue }
            try own.template.check(fields: Set(definition.fields))
            add(TextTemplate(name: definition.name, source: own.source, fields: definition.fields, names: []))
        }
    }
}
