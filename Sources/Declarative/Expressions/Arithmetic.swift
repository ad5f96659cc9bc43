import Model

/// Arithmetic on values. Whole numbers stay whole where the result is one by definition.
enum Arithmetic {
    /// Equal in value: 2 is 2.0.
    static func areEqual(_ left: Value, _ right: Value) -> Bool {
        if let left = number(left), let right = number(right) { return left == right }
        return left == right
    }

    /// Below 0 where `left` comes first.
    static func compare(_ left: Value, _ right: Value) throws(ExpressionError) -> Int {
        if case .int(let left) = left, case .int(let right) = right { return left < right ? -1 : left > right ? 1 : 0 }
        if let left = number(left), let right = number(right) { return left < right ? -1 : left > right ? 1 : 0 }
        if let left = left.text, let right = right.text {
            return left == right ? 0 : left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
        }
        throw ExpressionError("only numbers, or texts, have an order")
    }

    /// `left sign right`; texts are joined by `+`.
    static func apply(_ sign: Expression.Operator, _ left: Value, _ right: Value) throws(ExpressionError) -> Value {
        if case .int(let left) = left, case .int(let right) = right, let whole = try whole(sign, left, right) {
            return .int(whole)
        }
        if sign == .plus {
            switch (left, right) {
            case (.list(let left), .list(let right)): return .list(left + right)
            case (.text, _), (_, .text): return .text(try text(left) + text(right))
            default: break
            }
        }
        guard let first = number(left), let second = number(right) else {
            throw ExpressionError("\(sign.rawValue) takes numbers")
        }
        let result: Double
        switch sign {
        case .plus: result = first + second
        case .minus: result = first - second
        case .times: result = first * second
        case .divided: result = first / second
        case .remainder: result = first.truncatingRemainder(dividingBy: second)
        default: throw ExpressionError("\(sign.rawValue) is no arithmetic")
        }
        guard result.isFinite else {
            throw ExpressionError(second == 0 ? "a division by 0" : "a number is too large")
        }
        return .double(result)
    }

    /// Nil where the result is a fraction.
    private static func whole(
        _ sign: Expression.Operator, _ left: Int64, _ right: Int64
    ) throws(ExpressionError) -> Int64? {
        let result: (partialValue: Int64, overflow: Bool)
        switch sign {
        case .plus: result = left.addingReportingOverflow(right)
        case .minus: result = left.subtractingReportingOverflow(right)
        case .times: result = left.multipliedReportingOverflow(by: right)
        case .remainder:
            guard right != 0 else { throw ExpressionError("a division by 0") }
            result = left.remainderReportingOverflow(dividingBy: right)
        default: return nil
        }
        guard !result.overflow else { throw ExpressionError("a number is too large") }
        return result.partialValue
    }

    /// A function's value.
    static func call(_ function: Expression.Function, _ given: [Value]) throws(ExpressionError) -> Value {
        let first = given[0]
        switch function {
        case .abs: return try compare(first, .int(0)) < 0 ? apply(.minus, .int(0), first) : first
        case .floor, .ceil: return try rounded(first, function == .floor ? .down : .up)
        case .round:
            guard given.count == 2 else { return try rounded(first, .toNearestOrAwayFromZero) }
            return try rounded(first, digits: given[1])
        case .sqrt:
            guard let value = number(first), value >= 0 else { throw ExpressionError("sqrt takes a number from 0 on") }
            return .double(value.squareRoot())
        case .count:
            switch first {
            case .list(let values): return .int(Int64(values.count))
            case .map(let values): return .int(Int64(values.count))
            case .null: return .int(0)
            default: throw ExpressionError("count takes a list")
            }
        case .sum: return try total(try list(first, function))
        case .mean:
            let values = try list(first, function)
            return values.isEmpty ? .null : try apply(.divided, try total(values), .int(Int64(values.count)))
        case .min, .max: return try extreme(function, given)
        case .clamp:
            let raised = try compare(first, given[1]) < 0 ? given[1] : first
            return try compare(raised, given[2]) > 0 ? given[2] : raised
        case .number: return try number(from: first)
        case .text: return .text(try text(first))
        case .fallback: return first == .null ? given[1] : first
        case .choose, .random: throw ExpressionError("\(function.rawValue) is no arithmetic")
        }
    }

    private static func list(_ value: Value, _ function: Expression.Function) throws(ExpressionError) -> [Value] {
        switch value {
        case .list(let values): return values
        case .null: return []
        default: throw ExpressionError("\(function.rawValue) takes a list")
        }
    }

    /// In the order of the list.
    private static func total(_ values: [Value]) throws(ExpressionError) -> Value {
        var sum = Value.int(0)
        for value in values {
            guard number(value) != nil else { throw ExpressionError("a list of numbers is expected") }
            sum = try apply(.plus, sum, value)
        }
        return sum
    }

    private static func extreme(_ function: Expression.Function, _ given: [Value]) throws(ExpressionError) -> Value {
        let values = given.count == 1 ? try list(given[0], function) : given
        guard var found = values.first else { return .null }
        for value in values.dropFirst() {
            let order = try compare(value, found)
            if function == .min ? order < 0 : order > 0 { found = value }
        }
        return found
    }

    private static func rounded(_ value: Value, _ rule: FloatingPointRoundingRule) throws(ExpressionError) -> Value {
        if case .int = value { return value }
        guard let number = number(value) else { throw ExpressionError("only numbers are rounded") }
        guard let whole = Int64(exactly: number.rounded(rule)) else { throw ExpressionError("a number is too large") }
        return .int(whole)
    }

    private static func rounded(_ value: Value, digits: Value) throws(ExpressionError) -> Value {
        guard let digits = digits.int, (0...9).contains(digits), let number = number(value) else {
            throw ExpressionError("round takes a number, and 0 to 9 decimals")
        }
        var unit = 1.0
        for _ in 0..<digits { unit *= 10 }
        let result = (number * unit).rounded(.toNearestOrAwayFromZero) / unit
        guard result.isFinite else { throw ExpressionError("a number is too large") }
        return .double(result)
    }

    private static func number(from value: Value) throws(ExpressionError) -> Value {
        switch value {
        case .int, .double: return value
        case .bool(let value): return .int(value ? 1 : 0)
        case .text(let text):
            if let whole = Int64(text) { return .int(whole) }
            if let number = Double(text), number.isFinite { return .double(number) }
            throw ExpressionError("\"\(text.prefix(40))\" is no number")
        case .null, .list, .map: throw ExpressionError("number takes a text, a number or a truth value")
        }
    }

    /// A value as it stands in a sentence.
    static func text(_ value: Value) throws(ExpressionError) -> String {
        switch value {
        case .text(let text): return text
        case .int(let value): return String(value)
        case .double(let value): return "\(value)"
        case .bool(let value): return String(value)
        case .null: return ""
        case .list, .map: throw ExpressionError("a list is no text")
        }
    }

    static func number(_ value: Value) -> Double? {
        switch value {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }
}
