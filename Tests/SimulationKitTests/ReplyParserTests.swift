import SimulationKit
import Testing

@Suite struct ReplyParserTests {
    @Test(arguments: [
        ("7", 7), (" 10.", 10), ("Rating: 8/10", 8), ("I'd say 15, no, 3", 3), ("100", nil), ("", nil), ("0", nil),
        ("seven", nil), ("12345678901234567890 4", 4), ("ten? 9!", 9),
    ])
    func aRatingIsTheFirstNumberFromOneToTen(reply: String, expected: UInt8?) {
        #expect(ReplyParser.rating(reply) == expected)
    }

    @Test func questionsLoseNumbersBulletsAndChatter() {
        let reply = """
            Here are three questions:

            1. What do I want from work?
            - **Who helped me?**
            (3) "Why was I turned down?"
            Q4: And a fourth?
            I hope this helps.
            """
        let expected = ["What do I want from work?", "Who helped me?", "Why was I turned down?"]
        #expect(ReplyParser.questions(reply) == expected)
    }

    @Test func linesWithoutQuestionMarksCountWhereNoneHasOne() {
        #expect(ReplyParser.questions("what matters\n\nwho is near") == ["what matters", "who is near"])
        #expect(ReplyParser.questions("\n---\n **\n").isEmpty)
    }

    @Test func insightsLoseTheirReasonsButNotTheirNumbers() {
        let reply = """
            1) I value regular hours (because of 1, 5, 3)
            • 3.5 years of experience count
            2. I value regular hours
            4 - 1-on-1 talks go well (mostly)
            """
        #expect(
            ReplyParser.insights(reply) == [
                "I value regular hours", "3.5 years of experience count", "1-on-1 talks go well (mostly)",
            ])
    }

    @Test func whateverAModelSaysIsBounded() {
        let endless = String(repeating: "ü", count: 10_000) + "\n" + String(repeating: "line?\n", count: 10_000)
        let insights = ReplyParser.insights(endless)
        #expect(insights.count == 2)
        #expect(insights[0] == String(repeating: "ü", count: ReplyParser.maxBytes / 2))
        let many = (0..<100).map { "insight \($0)" }.joined(separator: "\n")
        #expect(ReplyParser.insights(many).count == ConsolidationPlan.insightsPerQuestion)
    }
}
