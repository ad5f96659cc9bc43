import Model
import Testing

@testable import LLMGatewayRole

@Suite struct AnswerCheckTests {
    @Test(arguments: [
        "yes", " yes\n", "\"yes\"", "'yes'", "“yes”", "`yes`", " \"yes\" ", "{\"answer\":\"yes\"}", "\"y\\u0065s\"",
    ])
    func anOptionIsAcceptedInItsUsualWrappings(content: String) {
        #expect(AnswerCheck.verdict(content, constraint: .choice(["no", "yes"])) == .accepted("yes"))
    }

    @Test(arguments: ["Yes", "yes.", "yes no", "\"\"yes\"\"", "{\"choice\":\"yes\"}", "maybe", "ye"])
    func whatIsNotExactlyAnOptionIsRejected(content: String) {
        #expect(
            AnswerCheck.verdict(content, constraint: .choice(["no", "yes"]))
                == .rejected("the answer is none of the 2 options"))
    }

    @Test func anOptionWithWhiteSpaceOrQuotesOfItsOwnIsGivenBackExactly() {
        #expect(AnswerCheck.verdict("a ", constraint: .choice(["a", "a "])) == .accepted("a "))
        #expect(AnswerCheck.verdict(" b", constraint: .choice(["b "])) == .accepted("b "))
        #expect(AnswerCheck.verdict("\"c\"", constraint: .choice(["\"c\"", "c"])) == .accepted("\"c\""))
    }

    @Test(arguments: ["Cafe\u{301}", "\"Cafe\u{301}\"", "'Cafe\u{301}'", "{\"answer\":\"Cafe\u{301}\"}"])
    func anOptionIsGivenBackInItsOwnBytes(content: String) throws {
        let option = "Caf\u{e9}"
        guard case .accepted(let answer) = AnswerCheck.verdict(content, constraint: .choice(["no", option])) else {
            Issue.record("rejected: \(content)")
            return
        }
        #expect(Array(answer.utf8) == Array(option.utf8))
    }

    @Test(arguments: [nil, "", " \n\t"] as [String?])
    func anAnswerWithoutTextIsRejectedUnderEveryConstraint(content: String?) {
        for constraint in [AnswerConstraint.free, .choice(["a"]), .jsonSchema("{}")] {
            #expect(AnswerCheck.verdict(content, constraint: constraint) == .rejected("the answer is empty"))
        }
    }

    @Test func freeTextIsTakenAsItStands() {
        #expect(AnswerCheck.verdict(" Hello.\n", constraint: .free) == .accepted(" Hello.\n"))
    }

    private static let schema = """
        {"type":"object","required":["n","tags"],"additionalProperties":false,"properties":{
          "n":{"type":"integer","minimum":1,"maximum":10},
          "tags":{"type":"array","maxItems":2,"items":{"type":"string","enum":["a","b"]}},
          "note":{"type":["string","null"],"maxLength":3}}}
        """

    @Test(arguments: [
        #"{"n":1,"tags":[]}"#, #" {"n":10,"tags":["a","b"],"note":null} "#, "```json\n{\"n\":3,\"tags\":[\"b\"]}\n```",
        #"{"n":2,"tags":["a"],"note":"äöü"}"#,
    ])
    func answersThatSatisfyTheSchemaAreAccepted(content: String) {
        guard case .accepted = AnswerCheck.verdict(content, constraint: .jsonSchema(Self.schema)) else {
            Issue.record("rejected: \(content)")
            return
        }
    }

    @Test(arguments: [
        (#"{"n":0,"tags":[]}"#, "$.n is below 1.0"), (#"{"n":11,"tags":[]}"#, "$.n is above 10.0"),
        (#"{"n":1.5,"tags":[]}"#, "$.n is not of type integer"), (#"{"tags":[]}"#, "$.n is missing"),
        (#"{"n":1,"tags":["c"]}"#, "$.tags[0] is none of the 2 allowed values"),
        (#"{"n":1,"tags":["a","a","a"]}"#, "$.tags has more than 2 items"),
        (#"{"n":1,"tags":[],"x":1}"#, "$ has a property that is not allowed"),
        (#"{"n":1,"tags":[],"note":"long"}"#, "$.note is longer than 3"), ("[]", "$ is not of type object"),
    ])
    func violationsAreNamedWithTheirPlace(content: String, violation: String) {
        #expect(
            AnswerCheck.verdict(content, constraint: .jsonSchema(Self.schema))
                == .rejected("the answer breaks its schema: \(violation)"))
    }

    @Test(arguments: [
        (#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#, "\"a\"", "1", "$ is none of the allowed forms"),
        (#"{"oneOf":[{"minimum":3},{"maximum":5}]}"#, "6", "4", "$ has 2 of the forms of which it takes one"),
        (#"{"allOf":[{"minimum":3},{"maximum":5}]}"#, "4", "6", "$ is above 5.0"),
    ])
    func combinedSchemasAreVerified(schema: String, good: String, bad: String, violation: String) {
        #expect(AnswerCheck.verdict(good, constraint: .jsonSchema(schema)) == .accepted(good))
        #expect(
            AnswerCheck.verdict(bad, constraint: .jsonSchema(schema))
                == .rejected("the answer breaks its schema: \(violation)"))
    }

    @Test func anAnswerCutOffIsNotJSON() {
        guard case .rejected(let reason) = AnswerCheck.verdict(#"{"n":1,"#, constraint: .jsonSchema(Self.schema)) else {
            Issue.record("accepted")
            return
        }
        #expect(reason.hasPrefix("the answer is not JSON"))
    }

    @Test func schemasNestedWithoutEndAreRefusedWithoutTrapping() {
        let deep = String(repeating: #"{"items":"#, count: 60) + "{}" + String(repeating: "}", count: 60)
        let value = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
        guard case .rejected = AnswerCheck.verdict(value, constraint: .jsonSchema(deep)) else {
            Issue.record("accepted")
            return
        }
    }
}
