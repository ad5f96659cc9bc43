import Model
import Support

/// The form in which people write an intervention, and in which it is recorded.
extension Intervention {
    /// Longest text.
    private static let maxText = 16_384
    /// Most fields that it sets or adds to.
    private static let maxFields = 1_000
    /// Most ids: about as many agents as one turn may change.
    private static let maxIDs = 25_000
    /// Most conditions of a selection, and most values of each.
    private static let maxConditions = 16
    private static let maxValues = 1_000
    /// Levels of lists and mappings, its own one counted: what a configuration can hold. A tree holds far more.
    private static let maxDepth = 8

    private static let keys = [
        "round", "agents", "set", "add", "remember", "message", "announce", "broadcast", "relate", "unrelate",
    ]

    /// Reads an intervention as a configuration, a file or a recording has it. `place` is what errors call it.
    public init(_ value: Value, at place: String) throws(UserError) {
        let reader = InterventionReader(place: place)
        let map = try reader.map(value, keys: Self.keys)
        var effects: [Effect] = []
        for (field, value) in try reader.fields(map, "set") { effects.append(.set(field: field, value: value)) }
        for (field, value) in try reader.fields(map, "add") {
            guard let amount = value.int else {
                throw reader.error("a whole number is expected", "add.\(field)", "write add: { \(field): 1 }")
            }
            effects.append(.add(field: field, amount: amount))
        }
        if let text = try reader.text(map, "remember") { effects.append(.remember(text)) }
        if let message = try reader.message(map) { effects.append(message) }
        if let text = try reader.text(map, "announce", mayBeEmpty: true) { effects.append(.announce(text)) }
        if let text = try reader.text(map, "broadcast") { effects.append(.broadcast(text)) }
        effects += try reader.relation(map, "relate", isRelated: true)
        effects += try reader.relation(map, "unrelate", isRelated: false)
        guard !effects.isEmpty else {
            throw reader.error(
                "an intervention without anything that happens", nil,
                "say one of \(Self.keys.dropFirst(2).joined(separator: ", "))")
        }
        let agents = try reader.selection(map["agents"])
        if agents == nil, let first = effects.first(where: { !$0.concernsEverybody }) {
            throw reader.error(
                "it does not say whose \(first.key) is meant", "agents",
                "write agents: all, a type, or a list of ids")
        }
        let size = effects.reduce(0) { $0 + $1.estimatedBytes }
        guard effects.count <= 1_000, size <= TreeLimits.defaultBytes / 2 else {
            throw reader.error(
                "an intervention of \(effects.count) effects and \(size) bytes is too large", nil, "split it")
        }
        self.init(round: try reader.round(map), agents: agents ?? .everyone, effects: effects)
        // As it is written, where a condition's only value stands in a list.
        guard self.value.depth <= Self.maxDepth else {
            throw reader.error(
                "its values are nested more than \(Self.maxDepth) levels deep, those of the intervention counted", nil,
                "use fewer lists and mappings within others")
        }
    }

    /// The same as a value that reads back as an equal one.
    public var value: Value {
        var map: [String: Value] = ["agents": agents.value]
        if let round { map["round"] = .int(Int64(round)) }
        var parts: [String: [String: Value]] = [:]
        for effect in effects {
            switch effect {
            case .set(let field, let value): parts["set", default: [:]][field] = value
            case .add(let field, let amount): parts["add", default: [:]][field] = .int(amount)
            case .remember(let text): map["remember"] = .text(text)
            case .message(let subject, let body): map["message"] = .map(["subject": .text(subject), "body": body])
            case .announce(let text): map["announce"] = .text(text)
            case .broadcast(let text): map["broadcast"] = .text(text)
            case .relate(let relation, let others, let isRelated):
                map[isRelated ? "relate" : "unrelate"] = .map([
                    "relation": .text(relation), "to": .list(others.map { .text($0) }),
                ])
            }
        }
        for (key, fields) in parts { map[key] = .map(fields) }
        return .map(map)
    }

    /// Reads the parts, and says of what is wrong where it stands.
    struct InterventionReader {
        let place: String

        func error(_ what: String, _ key: String?, _ advice: String) -> UserError {
            UserError(what, at: key.map { "\(place).\($0)" } ?? place, advice: advice, exitCode: .configuration)
        }

        func map(_ value: Value, keys: [String], _ key: String? = nil) throws(UserError) -> [String: Value] {
            guard let map = value.map else {
                throw error("a mapping is expected", key, "it may have \(keys.joined(separator: ", "))")
            }
            let unknown = map.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.first { !keys.contains($0) }
            if let unknown {
                let near = NearestName.of(unknown, among: keys).map { "did you mean \($0)? " } ?? ""
                throw error("unknown key \(unknown)", key, "\(near)there are \(keys.joined(separator: ", "))")
            }
            return map
        }

        func round(_ map: [String: Value]) throws(UserError) -> UInt32? {
            guard let value = map["round"], value != .null else { return nil }
            guard let round = value.int, (2...1_000_000).contains(round) else {
                throw error(
                    "interventions take effect from round 2 on", "round",
                    "what holds from round 1 belongs to the populations or to environment.fields")
            }
            return UInt32(round)
        }

        /// Fields with their values, in the order of their names.
        func fields(
            _ map: [String: Value], _ key: String, atMost most: Int = Intervention.maxFields, at place: String? = nil
        ) throws(UserError) -> [(String, Value)] {
            guard let value = map[key], value != .null else { return [] }
            guard let fields = value.map, (1...most).contains(fields.count) else {
                throw error(
                    "a mapping of 1 to \(most) fields to values is expected", place ?? key,
                    "write \(key): { field: value }")
            }
            return fields.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) }
        }

        func text(_ map: [String: Value], _ key: String, mayBeEmpty: Bool = false) throws(UserError) -> String? {
            guard let value = map[key], value != .null else { return nil }
            guard let text = value.text, mayBeEmpty || !text.isEmpty, text.utf8.count <= Intervention.maxText else {
                throw error(
                    "a text of at most \(Intervention.maxText) bytes is expected", key, "write \(key): \"text\"")
            }
            return text
        }

        func message(_ map: [String: Value]) throws(UserError) -> Effect? {
            guard let value = map["message"], value != .null else { return nil }
            let parts = try self.map(value, keys: ["subject", "body"], "message")
            guard let subject = try text(parts, "subject"), let body = parts["body"] else {
                throw error("a message has a subject and a body", "message", "write message: { subject: x, body: y }")
            }
            return .message(subject: subject, body: body)
        }

        func relation(_ map: [String: Value], _ key: String, isRelated: Bool) throws(UserError) -> [Effect] {
            guard let value = map[key], value != .null else { return [] }
            let parts = try self.map(value, keys: ["relation", "to"], key)
            guard let relation = try text(parts, "relation"), let others = try ids(parts["to"], "\(key).to") else {
                throw error("it names a relation and others", key, "write \(key): { relation: friends, to: [id] }")
            }
            return [.relate(relation: relation, to: others, isRelated: isRelated)]
        }

        private func ids(_ value: Value?, _ key: String) throws(UserError) -> [String]? {
            guard let value else { return nil }
            let values = value.list ?? [value]
            guard (1...Intervention.maxIDs).contains(values.count) else {
                throw error("1 to \(Intervention.maxIDs) ids are expected", key, "name some, or a type")
            }
            var ids: [String] = []
            for value in values {
                switch value {
                case .text(let id): ids.append(id)
                case .int(let id): ids.append(String(id))
                default: throw error("an id is a text", key, "write [ada, ben]")
                }
            }
            return ids
        }

        func selection(_ value: Value?) throws(UserError) -> AgentSelection? {
            switch value {
            case nil, .null?: return nil
            case .text("all")?: return .everyone
            case .text("environment")?: return .environment
            case .text?, .int?, .list?: return try ids(value, "agents").map { .named($0) }
            case .some(let value):
                let parts = try map(value, keys: ["type", "where"], "agents")
                var conditions: [AgentSelection.Condition] = []
                let most = Intervention.maxConditions
                for (name, value) in try fields(parts, "where", atMost: most, at: "agents.where") {
                    let values = value.list ?? [value]
                    guard (1...Intervention.maxValues).contains(values.count) else {
                        throw error(
                            "1 to \(Intervention.maxValues) values are expected", "agents.where.\(name)",
                            "name some, or leave the condition out")
                    }
                    conditions.append(AgentSelection.Condition(field: name, values: values))
                }
                let type = try text(parts, "type")
                guard type != nil || !conditions.isEmpty else {
                    throw error("it names nobody", "agents", "write { type: seeker } or { where: { city: Rome } }")
                }
                return .matching(type: type, conditions: conditions)
            }
        }
    }
}

extension Intervention.Effect {
    /// Whether it means all agents where nobody is named.
    var concernsEverybody: Bool {
        switch self {
        case .announce, .broadcast: true
        case .set, .add, .remember, .message, .relate: false
        }
    }

    /// The key under which it is written.
    var key: String {
        switch self {
        case .set: "set"
        case .add: "add"
        case .remember: "remember"
        case .message: "message"
        case .announce: "announce"
        case .broadcast: "broadcast"
        case .relate(_, _, let isRelated): isRelated ? "relate" : "unrelate"
        }
    }

    /// Bytes that it takes in a tree for each agent that it concerns, at most.
    var mostBytesForEach: Int {
        let overhead = 64
        return switch self {
        // A list or map is set as text, too.
        case .set: 2 * (overhead + estimatedBytes)
        case .add, .remember, .message, .announce: overhead + estimatedBytes
        case .broadcast: 2 * overhead + 2 * estimatedBytes
        case .relate(let relation, let others, _): others.count * (overhead + relation.utf8.count)
        }
    }

    var estimatedBytes: Int {
        switch self {
        case .set(let field, let value): field.utf8.count + value.estimatedBytes
        case .add(let field, _): 16 + field.utf8.count
        case .remember(let text), .announce(let text), .broadcast(let text): text.utf8.count
        case .message(let subject, let body): subject.utf8.count + body.estimatedBytes
        case .relate(let relation, let others, _): others.reduce(relation.utf8.count) { $0 + 8 + $1.utf8.count }
        }
    }
}

extension AgentSelection {
    /// As people write it.
    var value: Value {
        switch self {
        case .everyone: return .text("all")
        case .environment: return .text("environment")
        case .named(let names): return .list(names.map { .text($0) })
        case .matching(let type, let conditions):
            var map: [String: Value] = [:]
            if let type { map["type"] = .text(type) }
            if !conditions.isEmpty {
                map["where"] = .map(Dictionary(conditions.map { ($0.field, .list($0.values)) }) { $1 })
            }
            return .map(map)
        }
    }
}

extension Value {
    /// Levels of lists and mappings: 0 for anything else, 1 for a list of numbers.
    fileprivate var depth: Int {
        switch self {
        case .null, .bool, .int, .double, .text: 0
        case .list(let values): 1 + (values.lazy.map(\.depth).max() ?? 0)
        case .map(let values): 1 + (values.values.lazy.map(\.depth).max() ?? 0)
        }
    }
}
