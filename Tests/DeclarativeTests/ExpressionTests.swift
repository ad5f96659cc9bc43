import Model
import Testing

@testable import Declarative

/// A scope of fixed values; random numbers count up from 0.
private struct FixedScope: ExpressionScope {
    var values: [String: Value] = [:]
    var keyed: [String: [String: Value]] = [:]

    func value(named name: String) throws -> Value? { values[name] }
    func value(named name: String, member: String) throws -> Value? { nil }
    func value(ofKeyed member: String, key: Value) throws -> Value? { key.text.flatMap { keyed[member]?[$0] } }
    func random(below bound: Int64) throws -> Int64 { bound - 1 }
}

@Suite struct ExpressionTests {
    private let scope = FixedScope(
        values: [
            "coins": .int(20), "price": .double(2.5), "name": .text("Ann"), "none": .null, "rich": .bool(true),
            "gifts": .list([.int(3), .int(4), .int(8)]),
            "inbox": .map([
                "offer": .list([.map(["from": .text("Bo"), "value": .int(7)]), .map(["from": .text("Cy")])])
            ]),
            "world": .map(["rate": .double(0.5)]),
        ], keyed: ["pot": ["A": .int(12)]])

    private func value(_ text: String) throws -> Value { try ExpressionParser.parse(text).value(in: scope) }

    @Test(arguments: [
        ("1 + 2 * 3", Value.int(7)), ("(1 + 2) * 3", .int(9)), ("10 - 4 - 3", .int(3)), ("7 / 2", .double(3.5)),
        ("8 / 2", .double(4)), ("17 % 5", .int(2)), ("-coins + 1", .int(-19)), ("coins * price", .double(50)),
        ("2 * -3", .int(-6)), ("\"a\" + 'b' + 1", .text("ab1")),
        ("[1] + [2, name]", .list([.int(1), .int(2), .text("Ann")])),
        ("1 < 2 and 2 <= 2 and 3 > 2 and 3 >= 3", .bool(true)), ("1 == 1.0", .bool(true)),
        ("name != \"Bo\"", .bool(true)),
        ("not rich or coins > 5", .bool(true)), ("not 1 == 2", .bool(true)), ("not (rich and rich)", .bool(false)),
        ("name in [\"Ann\", \"Bo\"]", .bool(true)), ("5 in gifts", .bool(false)), ("none == null", .bool(true)),
        ("\"a\" < \"b\"", .bool(true)), ("gifts[0] + gifts[2]", .int(11)), ("gifts[9]", .null),
        ("inbox.offer.value", .list([.int(7)])), ("count(inbox.offer)", .int(2)), ("inbox.other", .null),
        ("inbox.offer[0].from", .text("Bo")), ("world.rate * 4", .double(2)), ("world.pot[\"A\"]", .int(12)),
        ("sum(gifts)", .int(15)), ("mean(gifts)", .double(5)), ("mean([])", .null), ("sum(none)", .int(0)),
        ("min(gifts)", .int(3)), ("max(3, 9, 4)", .int(9)), ("clamp(12, 0, 10)", .int(10)),
        ("clamp(-1, 0, 10)", .int(0)),
        ("round(2.5)", .int(3)), ("round(-2.5)", .int(-3)), ("round(1 / 3, 2)", .double(0.33)),
        ("floor(-0.5)", .int(-1)),
        ("ceil(0.2)", .int(1)), ("abs(-4)", .int(4)), ("sqrt(9)", .double(3)), ("number(\"12\")", .int(12)),
        ("number(true)", .int(1)), ("text(12) + \"!\"", .text("12!")), ("default(none, 3)", .int(3)),
        ("if(coins > 5, \"rich\", 1 / 0)", .text("rich")), ("random(6)", .int(5)),
    ])
    func anExpressionHasTheValueThatItSays(text: String, expected: Value) throws {
        #expect(try value(text) == expected, "\(text)")
    }

    @Test(arguments: [
        ("1 / 0", "a division by 0"), ("1 % 0", "a division by 0"), ("name * 2", "* takes numbers"),
        ("9223372036854775807 + 1", "a number is too large"), ("unknown", "unknown is not known"),
        ("1 < \"a\"", "only numbers, or texts, have an order"), ("rich + 1", "+ takes numbers"),
        ("1 and rich", "and, or, not and if take true or false"), ("1 in 2", "behind in stands a list"),
        ("name[0]", "only maps have keys"), ("random(0)", "random takes a whole number above 0"),
        ("sum(name)", "sum takes a list"), ("number(\"x\")", "is no number"),
        ("sqrt(0 - 1)", "sqrt takes a number from 0"),
    ])
    func whatCannotBeComputedIsSaid(text: String, what: String) throws {
        let error = #expect(throws: ExpressionError.self) { try value(text) }
        #expect(error?.what.contains(what) == true && error?.what.contains(text) == true, "\(error?.what ?? "")")
    }

    @Test(arguments: [
        ("", "it is empty"), ("1 +", "it ends too early"), ("(1", ") is expected"), ("1 2", "it should end before 2"),
        ("a.", "a name is expected"), ("foo(1)", "there is no function foo"), ("roud(1)", "did you mean round?"),
        ("abs(1, 2)", "abs takes 1 arguments, not 2"), ("\"a", "a text has no closing"),
        ("a ? b", "? cannot stand here"),
        ("99999999999999999999", "is too large"), ("and", "a value is expected before and"),
        (String(repeating: "(", count: 60) + "1", "too many brackets"),
        (String(repeating: "-", count: 60) + "1", "too many brackets"),
        (String(repeating: "1+", count: 800) + "1", "longer than 1024 bytes"),
    ])
    func whatIsNoExpressionIsRefused(text: String, what: String) {
        let error = #expect(throws: ExpressionError.self) { try ExpressionParser.parse(text) }
        #expect(error?.what.contains(what) == true, "\(error?.what ?? "")")
    }

    @Test func theNamesOfAnExpressionAreKnownBeforeItIsEvaluated() throws {
        let expression = try ExpressionParser.parse("world.pot[group] + count(same.group) * if(rich, a.b.c, 1)")
        #expect(expression.names == [["world", "pot"], ["group"], ["same", "group"], ["rich"], ["a", "b", "c"]])
    }
}
