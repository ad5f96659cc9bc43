import Model

/// What an expression sees.
protocol ExpressionScope {
    /// The value of a name; nil where there is none of that name.
    func value(named name: String) throws -> Value?
    /// The value of a name's member where it need not compute the name's other members; nil where it must.
    func value(named name: String, member: String) throws -> Value?
    /// The value of a key of a keyed field `world.member`; nil where it is none.
    func value(ofKeyed member: String, key: Value) throws -> Value?
    /// A random number below `bound`, which is above 0.
    func random(below bound: Int64) throws -> Int64
}

extension Expression {
    /// Its value. Throws an `ExpressionError` where it has none, or whatever the scope throws.
    func value(in scope: some ExpressionScope) throws -> Value {
        do {
            return try Self.value(of: root, scope)
        } catch let error as ExpressionError {
            throw ExpressionError("\(error.what), in: \(text)")
        }
    }

    /// Its value, which must be true or false.
    func holds(in scope: some ExpressionScope) throws -> Bool {
        guard let value = try value(in: scope).bool else {
            throw ExpressionError("it is neither true nor false: \(text)")
        }
        return value
    }

    private static func value(of node: Node, _ scope: some ExpressionScope) throws -> Value {
        switch node {
        case .value(let value): return value
        case .list(let nodes): return .list(try nodes.map { try value(of: $0, scope) })
        case .name(let name):
            guard let value = try scope.value(named: name) else { throw ExpressionError("\(name) is not known") }
            return value
        case .member(let inner, let name):
            if case .name(let first) = inner, let value = try scope.value(named: first, member: name) { return value }
            return member(name, of: try value(of: inner, scope))
        case .element(let inner, let key):
            let key = try value(of: key, scope)
            if case .member(.name("world"), let field) = inner, let value = try scope.value(ofKeyed: field, key: key) {
                return value
            }
            return try element(key, of: try value(of: inner, scope))
        case .not(let inner): return .bool(try !truth(of: inner, scope))
        case .negative(let inner): return try Arithmetic.apply(.minus, .int(0), try value(of: inner, scope))
        case .binary(.and, let left, let right):
            return .bool(try truth(of: left, scope) && truth(of: right, scope))
        case .binary(.or, let left, let right):
            return .bool(try truth(of: left, scope) || truth(of: right, scope))
        case .binary(let sign, let left, let right):
            return try binary(sign, try value(of: left, scope), try value(of: right, scope))
        case .call(.choose, let nodes): return try value(of: nodes[try truth(of: nodes[0], scope) ? 1 : 2], scope)
        case .call(.random, let nodes):
            guard let bound = try value(of: nodes[0], scope).int, bound > 0 else {
                throw ExpressionError("random takes a whole number above 0")
            }
            return .int(try scope.random(below: bound))
        case .call(let function, let nodes):
            return try Arithmetic.call(function, try nodes.map { try value(of: $0, scope) })
        }
    }

    private static func truth(of node: Node, _ scope: some ExpressionScope) throws -> Bool {
        guard let value = try value(of: node, scope).bool else {
            throw ExpressionError("and, or, not and if take true or false")
        }
        return value
    }

    /// Of a list, the members of those of its elements that have one.
    private static func member(_ name: String, of value: Value) -> Value {
        switch value {
        case .map(let values): values[name] ?? .null
        case .list(let values): .list(values.compactMap { $0[name] })
        default: .null
        }
    }

    private static func element(_ key: Value, of value: Value) throws -> Value {
        switch (value, key) {
        case (.map(let values), .text(let key)): return values[key] ?? .null
        case (.map(let values), .int(let key)): return values[String(key)] ?? .null
        case (.list(let values), .int(let place)):
            guard values.indices.contains(Int(clamping: place)) else { return .null }
            return values[Int(place)]
        case (.null, _): return .null
        default: throw ExpressionError("only maps have keys, and lists places")
        }
    }

    private static func binary(_ sign: Operator, _ left: Value, _ right: Value) throws -> Value {
        switch sign {
        case .equal: return .bool(Arithmetic.areEqual(left, right))
        case .unequal: return .bool(!Arithmetic.areEqual(left, right))
        case .less: return .bool(try Arithmetic.compare(left, right) < 0)
        case .atMost: return .bool(try Arithmetic.compare(left, right) <= 0)
        case .more: return .bool(try Arithmetic.compare(left, right) > 0)
        case .atLeast: return .bool(try Arithmetic.compare(left, right) >= 0)
        case .among:
            guard let list = right.list else { throw ExpressionError("behind in stands a list") }
            return .bool(list.contains { Arithmetic.areEqual($0, left) })
        case .plus, .minus, .times, .divided, .remainder: return try Arithmetic.apply(sign, left, right)
        // Both sides of these are not always computed.
        case .and, .or: preconditionFailure("handled before")
        }
    }
}
