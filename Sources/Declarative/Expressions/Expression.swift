import Model

/// A computation from what a turn sees: `coins - gift`, `world.pot / count(related.group)`, `answer == "yes"`.
///
/// Read once from its text; evaluated against a `Scope`. Whole numbers stay whole under `+ - *`; `/` gives a fraction.
/// Only operations that IEEE 754 defines to the last bit are there, so that every machine computes the same.
struct Expression: Sendable, Equatable {
    /// The expression as it was written, for errors.
    let text: String
    let root: Node

    indirect enum Node: Sendable, Equatable {
        case value(Value)
        case list([Node])
        case name(String)
        /// A value by its name in a map; of a list of maps, those of all of them.
        case member(Node, String)
        /// A value by a key, or by its place from 0.
        case element(Node, Node)
        case not(Node)
        case negative(Node)
        case binary(Operator, Node, Node)
        case call(Function, [Node])
    }

    enum Operator: String, Sendable, CaseIterable {
        case or, and
        case equal = "=="
        case unequal = "!="
        case less = "<"
        case atMost = "<="
        case more = ">"
        case atLeast = ">="
        case among = "in"
        case plus = "+"
        case minus = "-"
        case times = "*"
        case divided = "/"
        case remainder = "%"

        /// How strongly it binds: higher first.
        var rank: Int {
            switch self {
            case .or: 1
            case .and: 2
            case .equal, .unequal, .less, .atMost, .more, .atLeast, .among: 3
            case .plus, .minus: 4
            case .times, .divided, .remainder: 5
            }
        }
    }

    enum Function: String, Sendable, CaseIterable {
        case abs, ceil, clamp, count, floor, max, mean, min, number, random, round, sqrt, sum, text
        /// `if(condition, value, other)`: only the one that counts is computed.
        case choose = "if"
        /// `or(value, other)` for values that may be missing.
        case fallback = "default"

        /// How many arguments it takes.
        var arguments: ClosedRange<Int> {
            switch self {
            case .abs, .ceil, .count, .floor, .mean, .number, .random, .sqrt, .sum, .text: 1...1
            case .round: 1...2
            case .fallback: 2...2
            case .clamp, .choose: 3...3
            case .max, .min: 1...16
            }
        }
    }

    /// Every name that it uses, with the members behind it as far as they are written out: `world.pot`, `gift`.
    var names: Set<[String]> {
        var found: Set<[String]> = []
        Self.collect(root, into: &found)
        return found
    }

    private static func collect(_ node: Node, into found: inout Set<[String]>) {
        if let path = path(node) {
            found.insert(path)
            return
        }
        for inner in inner(of: node) { collect(inner, into: &found) }
    }

    private static func path(_ node: Node) -> [String]? {
        switch node {
        case .name(let name): [name]
        case .member(let inner, let name): path(inner).map { $0 + [name] }
        default: nil
        }
    }

    private static func inner(of node: Node) -> [Node] {
        switch node {
        case .value, .name: []
        case .list(let nodes), .call(_, let nodes): nodes
        case .member(let node, _), .not(let node), .negative(let node): [node]
        case .element(let left, let right), .binary(_, let left, let right): [left, right]
        }
    }
}

/// What is wrong with an expression, or with what it was given.
struct ExpressionError: Error, Equatable {
    var what: String

    init(_ what: String) { self.what = what }
}
