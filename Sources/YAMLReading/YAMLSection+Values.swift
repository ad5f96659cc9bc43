import Model
import Support
import Yams

/// Values of any kind: what a field may hold.
extension YAMLSection {
    /// Values within values.
    private static let maxDepth = 8

    /// All values by key.
    package func allValues() throws(UserError) -> [String: Value] {
        var found: [String: Value] = [:]
        for key in keys { found[key] = try value(key) }
        return found
    }

    /// The value under `key`: a text, a number, a truth value, null, or a list or mapping of them.
    package func value(_ key: String) throws(UserError) -> Value {
        guard let node = node(key) else { throw missing(key) }
        return try value(node, key, depth: 0)
    }

    private func value(_ node: Node, _ key: String, depth: Int) throws(UserError) -> Value {
        guard depth <= Self.maxDepth else {
            throw error("a value holds more than \(Self.maxDepth) levels of lists and mappings", key: key)
        }
        switch node {
        case .scalar(let scalar):
            guard let text = Self.plain(node) else { return .text(scalar.string) }
            let value = Self.typed(text)
            // Words such as nan are texts: no configuration means the number.
            if case .double(let number) = value, !number.isFinite { return .text(text) }
            return value
        case .sequence(let sequence):
            var values: [Value] = []
            for element in sequence { values.append(try value(element, key, depth: depth + 1)) }
            return .list(values)
        case .mapping(let mapping):
            var values: [String: Value] = [:]
            for (name, element) in mapping {
                guard let name = name.scalar?.string else { throw error("a key must be a text", key: key) }
                values[name] = try value(element, key, depth: depth + 1)
            }
            return .map(values)
        case .alias: throw error("aliases are not read", key: key, advice: "write the value out")
        }
    }
}
