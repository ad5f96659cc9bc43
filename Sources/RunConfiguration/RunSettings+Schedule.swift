import Model
import SimulationKit
import Support
import YAMLReading

extension RunSettings {
    private static let words: [String: ScheduleRule] = ["everyone": .everyone, "nobody": .nobody]
    private static let ruleKeys = ["fraction", "where", "from", "until", "every", "activity", "all"]
    /// Rules within rules.
    private static let maxDepth = 4

    /// Who acts when: rules by type of agent.
    static func schedule(
        _ root: YAMLSection, of scenario: any Scenario
    ) throws -> TurnSchedule {
        let types = scenario.agentTypes
        let section = try root.section("schedule", keys: types.map(\.name))
        var rules: [String: ScheduleRule] = [:]
        for type in types where section.has(type.name) {
            rules[type.name] = try rule(section, type.name, of: type, depth: 0)
        }
        return TurnSchedule(rules)
    }

    /// One rule: a word, or a mapping with exactly one kind of rule.
    private static func rule(
        _ parent: YAMLSection, _ key: String, of type: AgentTypeDefinition, depth: Int
    ) throws(UserError) -> ScheduleRule {
        if parent.isScalar(key) {
            let word = try parent.text(key)
            guard let rule = words[word] else {
                throw parent.error(
                    "\(word) is no rule", key: key,
                    advice: "write \(words.keys.sorted().joined(separator: " or ")), or {fraction: 0.1}")
            }
            return rule
        }
        let section = try parent.section(key, keys: ruleKeys)
        let isOfRounds = ["from", "until", "every"].contains { section.has($0) }
        let kinds = ["fraction", "where", "activity", "all"].filter { section.has($0) } + (isOfRounds ? ["from"] : [])
        guard kinds.count == 1, depth < maxDepth else {
            throw parent.error(
                "a rule says one thing", key: key,
                advice: "fraction, where, activity, or from, until and every; put several into all: [{...}, {...}]")
        }
        switch kinds[0] {
        case "fraction":
            return .fraction(millionths: try section.decimal("fraction", digits: 6, 0...1_000_000, default: 0))
        case "activity":
            return .activity(field: try field(try section.text("activity"), section, "activity", of: type))
        case "where": return try matching(section, of: type)
        case "all":
            var rules: [ScheduleRule] = []
            for element in try section.elements("all", as: "rule") {
                rules.append(try rule(element, "rule", of: type, depth: depth + 1))
            }
            guard (1...32).contains(rules.count) else { throw section.error("all holds 1 to 32 rules", key: "all") }
            return .all(rules)
        default:
            let from = try section.int("from", 1...1_000_000, default: 1)
            return .rounds(
                RoundSet(
                    from: UInt32(from),
                    until: section.has("until") ? UInt32(try section.int("until", from...1_000_000)) : nil,
                    every: UInt32(try section.int("every", 1...1_000_000, default: 1))))
        }
    }

    private static func matching(_ section: YAMLSection, of type: AgentTypeDefinition) throws(UserError) -> ScheduleRule
    {
        let fields = try section.section("where", keys: nil)
        var rules: [ScheduleRule] = []
        for key in fields.keys {
            rules.append(
                .having(field: try field(key, fields, key, of: type), values: try fields.scalars(key)))
        }
        guard let first = rules.first else { throw section.error("where names no field", key: "where") }
        return rules.count == 1 ? first : .all(rules)
    }

    /// A public field of the type: others' decisions may rest on nothing else.
    private static func field(
        _ name: String, _ section: YAMLSection, _ key: String, of type: AgentTypeDefinition
    ) throws(UserError) -> String {
        let known = type.fields.filter { $0.visibility == .everyone }.map(\.name)
        guard known.contains(name) else {
            let near = NearestName.of(name, among: known).map { "did you mean \($0)? " } ?? ""
            throw section.error(
                "a \(type.name) has no public field \(name)", key: key,
                advice: near + (known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))"))
        }
        return name
    }

    /// The schedule as YAML; nothing where there is none.
    var scheduleLines: [String] {
        guard !schedule.rules.isEmpty else { return [] }
        let sorted = schedule.rules.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return ["schedule:"] + sorted.map { "  \(Self.quoted($0.key)): \(Self.text($0.value))" }
    }

    private static func text(_ rule: ScheduleRule) -> String {
        switch rule {
        case .everyone: "everyone"
        case .nobody: "nobody"
        case .fraction(let millionths): "{ fraction: \(Decimal.text(millionths, digits: 6)) }"
        case .having(let field, let values):
            "{ where: { \(quoted(field)): [\(values.map(text).joined(separator: ", "))] } }"
        case .rounds(let rounds):
            "{ from: \(rounds.from), \(rounds.until.map { "until: \($0), " } ?? "")every: \(rounds.every) }"
        case .activity(let field): "{ activity: \(quoted(field)) }"
        case .all(let rules): "{ all: [\(rules.map(text).joined(separator: ", "))] }"
        }
    }
}
