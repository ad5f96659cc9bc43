import Model

/// A whole-number field of an agent, of which others may claim.
public struct ResourceKey: Hashable, Sendable {
    /// The agent that owns it.
    public var owner: AgentID
    /// The field's name.
    public var name: String

    /// The field `name` of `owner`.
    public init(owner: AgentID, name: String) {
        self.owner = owner
        self.name = name
    }
}

/// What is left of every resource while a round is merged.
///
/// Values are looked up when they are first needed and kept; those that changed are handed back in the order of
/// their first change, to be made durable with the merge.
public struct MergeCapacities {
    private let lookUp: (ResourceKey) throws -> Int64
    private var values: [ResourceKey: Int64] = [:]
    private var changedKeys: [ResourceKey] = []
    private var changedSet: Set<ResourceKey> = []

    /// Capacities whose value before the merge `lookUp` gives: 0 for a field that is absent or no whole number.
    public init(lookUp: @escaping (ResourceKey) throws -> Int64) { self.lookUp = lookUp }

    /// The resources that changed, with what is left of them.
    public var changes: [(key: ResourceKey, remaining: Int64)] {
        changedKeys.map { ($0, values[$0] ?? 0) }
    }

    /// What is left of a resource.
    public mutating func remaining(_ key: ResourceKey) throws -> Int64 {
        if let known = values[key] { return known }
        let value = try lookUp(key)
        values[key] = value
        return value
    }

    /// Follows `operation` on `target`, where it sets or adds to a field. Sums stop at the bounds of 64 bits.
    public mutating func apply(_ operation: Operation, to target: AgentID) throws {
        switch operation {
        case .set(let field, .int(let value)):
            try change(ResourceKey(owner: target, name: field), to: value)
        case .set(let field, _):
            // Most such fields are texts that nobody claims; only one that was a number is worth a row.
            let key = ResourceKey(owner: target, name: field)
            if try remaining(key) != 0 { try change(key, to: 0) }
        case .add(let field, let amount):
            let key = ResourceKey(owner: target, name: field)
            try change(key, to: try remaining(key).addingSaturated(amount))
        case .append, .claim, .remember, .message, .event, .consolidate, .claimResult, .relate:
            return
        }
    }

    /// Takes `amount` of a resource if so much is left. A negative amount is never granted.
    public mutating func claim(_ key: ResourceKey, amount: Int64) throws -> Bool {
        let left = try remaining(key)
        guard amount >= 0, left >= amount else { return false }
        if amount > 0 { try change(key, to: left - amount) }
        return true
    }

    private mutating func change(_ key: ResourceKey, to value: Int64) throws {
        values[key] = value
        if changedSet.insert(key).inserted { changedKeys.append(key) }
    }
}
