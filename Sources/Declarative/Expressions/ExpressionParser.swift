import Model
import Support

/// Reads expressions by the ranks of their operators.
struct ExpressionParser {
    /// Longest text of an expression, in bytes.
    static let maxBytes = 1_024
    /// Brackets within brackets.
    private static let maxDepth = 24

    private let tokens: [ExpressionLexer.Token]
    private var position = 0

    /// The expression that `text` says.
    static func parse(_ text: String) throws(ExpressionError) -> Expression {
        guard text.utf8.count <= maxBytes else { throw ExpressionError("it is longer than \(maxBytes) bytes") }
        var parser = ExpressionParser(tokens: try ExpressionLexer.tokens(of: text))
        guard !parser.tokens.isEmpty else { throw ExpressionError("it is empty") }
        let root = try parser.expression(above: 0, depth: 0)
        guard parser.position == parser.tokens.count else {
            throw ExpressionError("it should end before \(parser.described)")
        }
        return Expression(text: text, root: root)
    }

    private init(tokens: [ExpressionLexer.Token]) { self.tokens = tokens }

    private var token: ExpressionLexer.Token? { position < tokens.count ? tokens[position] : nil }

    private var described: String {
        switch token {
        case nil: "its end"
        case .int(let value): "\(value)"
        case .double(let value): "\(value)"
        case .text(let text): "\"\(text)\""
        case .name(let name): name
        case .sign(let sign): sign
        }
    }

    private mutating func take(_ sign: String) -> Bool {
        guard token == .sign(sign) else { return false }
        position += 1
        return true
    }

    private mutating func need(_ sign: String) throws(ExpressionError) {
        guard take(sign) else { throw ExpressionError("\(sign) is expected before \(described)") }
    }

    private mutating func expression(above rank: Int, depth: Int) throws(ExpressionError) -> Expression.Node {
        guard depth < Self.maxDepth else { throw ExpressionError("it has too many brackets within brackets") }
        var left = try operand(depth: depth + 1)
        while let sign = binary, sign.rank > rank {
            position += 1
            left = .binary(sign, left, try expression(above: sign.rank, depth: depth + 1))
        }
        return left
    }

    private var binary: Expression.Operator? {
        switch token {
        case .sign(let sign): Expression.Operator(rawValue: sign)
        case .name(let name): Expression.Operator(rawValue: name)
        default: nil
        }
    }

    private mutating func operand(depth: Int) throws(ExpressionError) -> Expression.Node {
        guard depth < Self.maxDepth else { throw ExpressionError("it has too many brackets within brackets") }
        if take("-") { return .negative(try operand(depth: depth + 1)) }
        if token == .name("not") {
            position += 1
            // It binds weaker than a comparison and stronger than `and`.
            return .not(try expression(above: Expression.Operator.and.rank, depth: depth + 1))
        }
        var node = try primary(depth: depth)
        while true {
            if take(".") {
                guard case .name(let name) = token else {
                    throw ExpressionError("a name is expected before \(described)")
                }
                position += 1
                node = .member(node, name)
            } else if take("[") {
                node = .element(node, try expression(above: 0, depth: depth + 1))
                try need("]")
            } else {
                return node
            }
        }
    }

    private mutating func primary(depth: Int) throws(ExpressionError) -> Expression.Node {
        guard let token else { throw ExpressionError("it ends too early") }
        position += 1
        switch token {
        case .int(let value): return .value(.int(value))
        case .double(let value): return .value(.double(value))
        case .text(let text): return .value(.text(text))
        case .sign("("):
            let inner = try expression(above: 0, depth: depth + 1)
            try need(")")
            return inner
        case .sign("["): return .list(try elements(until: "]", depth: depth))
        case .name("true"): return .value(.bool(true))
        case .name("false"): return .value(.bool(false))
        case .name("null"): return .value(.null)
        case .name(let name):
            guard take("(") else {
                guard Expression.Operator(rawValue: name) == nil else {
                    throw ExpressionError("a value is expected before \(name)")
                }
                return .name(name)
            }
            return try call(name, try elements(until: ")", depth: depth))
        case .sign(let sign): throw ExpressionError("a value is expected before \(sign)")
        }
    }

    private mutating func elements(until end: String, depth: Int) throws(ExpressionError) -> [Expression.Node] {
        var nodes: [Expression.Node] = []
        if take(end) { return nodes }
        repeat { nodes.append(try expression(above: 0, depth: depth + 1)) } while take(",")
        try need(end)
        return nodes
    }

    private func call(_ name: String, _ arguments: [Expression.Node]) throws(ExpressionError) -> Expression.Node {
        guard let function = Expression.Function(rawValue: name) else {
            let names = Expression.Function.allCases.map(\.rawValue).sorted()
            let near = NearestName.of(name, among: names).map { "did you mean \($0)? " } ?? ""
            throw ExpressionError("there is no function \(name); \(near)functions: \(names.joined(separator: ", "))")
        }
        guard function.arguments.contains(arguments.count) else {
            let (least, most) = (function.arguments.lowerBound, function.arguments.upperBound)
            let wanted = least == most ? "\(least)" : "\(least) to \(most)"
            throw ExpressionError("\(name) takes \(wanted) arguments, not \(arguments.count)")
        }
        return .call(function, arguments)
    }
}
