import Model
import SimulationKit
import Support
import Testing

@testable import Declarative

/// What the steps of a scenario in YAML do, turn by turn.
@Suite struct PlayTests {
    private static let people = """
        [{"id": "ann", "name": "Ann", "team": "red", "coins": 10, "secret": "likes jazz"},
         {"id": "bo", "name": "Bo", "team": "red", "coins": 4, "secret": "fears dogs"},
         {"id": "cy", "name": "Cy", "team": "blue", "coins": 7, "secret": "is broke"}]
        """

    private static func play(
        turn: String, environment: String = "", more: String = "", files: [String: String] = [:],
        answer: @escaping PlayedScenario.Answer = { _, options in options?.last ?? "a text" }
    ) throws -> PlayedScenario {
        func indented(_ text: String, _ spaces: Int) -> String {
            text.split(separator: "\n", omittingEmptySubsequences: false)
                .map { String(repeating: " ", count: spaces) + $0 }.joined(separator: "\n")
        }
        let yaml = """
            name: c
            scenario:
              agents:
                person:
                  fields:
                    name: { kind: text, public: true }
                    team: { kind: text, public: true }
                    secret: text
                    coins: { kind: int, dynamic: true, initial: 0 }
                  instruction: |
                    Be one of them.
                  now: |
                    You have {{coins}} coins and a secret: {{secret}}.
                  turn:
            \(indented(turn, 10))
            \(indented(environment, 2))
            populations: { person: { file: people.json } }
            memory: { kind: short }
            \(more)
            """
        return try PlayedScenario(yaml, files: ["people.json": people].merging(files) { $1 }, answer: answer)
    }

    @Test func anAnswerHasANameAndChangesWhatFollows() async throws {
        let play = try Self.play(
            turn: """
                - ask: gift
                  prompt: |
                    Give how much, {{name}}?
                  scale: [0, coins]
                - set: { coins: coins - gift }
                - ask: thought
                  when: gift > 5
                  prompt: |
                    You gave {{gift}} and have {{coins}} left.
                  text: true
                - remember: |
                    I gave {{gift}}. {{thought}}
                """)
        try await play.playRound()
        #expect(play.failures == [])
        #expect(["ann", "bo", "cy"].map { play.field("coins", of: $0) } == [.int(0), .int(0), .int(0)])
        #expect(play.prompts.contains { $0.contains("You gave 10 and have 0 left.") })
        #expect(!play.prompts.contains { $0.contains("You gave 4 and") })
        let answers = play.events.filter { $0.name == "answer" && $0.agent == "bo" }
        #expect(answers.map(\.details) == [.map(["question": .text("gift"), "answer": .int(4)])])
        // What was left out is nothing in a text.
        #expect(play.memories(of: "bo") == ["I gave 4."])
        #expect(play.memories(of: "ann") == ["I gave 10. a text"])
    }

    @Test func messagesArriveWithTheNextRoundAndKnowTheirSender() async throws {
        let play = try Self.play(
            turn: """
                - each: { as: note, in: inbox.hello }
                  do:
                    - remember: |
                        {{note.from}} of {{note.team}} wrote: {{note.text}} ({{note.value}})
                    - tell: { to: note, subject: thanks }
                - let: { thanked: count(inbox.thanks) }
                - event: { name: thanked, details: { times: thanked } }
                - tell: { to: same.team, subject: hello, text: "I am {{name}}", value: coins * 2 }
                """)
        for _ in 0..<3 { try await play.playRound() }
        #expect(play.failures == [])
        #expect(play.memories(of: "ann").first == "Bo of red wrote: I am Bo (8)")
        #expect(play.memories(of: "cy") == [])
        let thanked = play.events.filter { $0.name == "thanked" && $0.agent == "ann" }.map(\.details["times"])
        #expect(thanked == [.int(0), .int(0), .int(1)])
    }

    @Test func theEnvironmentSumsUpWhatAllContributeAndEverybodyReadsItInTheNextRound() async throws {
        let play = try Self.play(
            turn: """
                - event: { name: seen, details: { pot: "world.pot_before[team]", mean: world.mean, all: world.given } }
                - add: { "pot[team]": coins, given: coins }
                - collect: { names: name }
                """,
            environment: """
                environment:
                  fields: { given: 0, mean: 0, names: [] }
                  keyed: { pot: 0, pot_before: 100 }
                  update:
                    - set: { pot_before: pot, mean: given / population.person }
                    - event: { name: names, details: { all: names, pot: pot } }
                    - set: { pot: {}, given: 0, names: [] }
                """)
        for _ in 0..<2 { try await play.playRound() }
        #expect(play.failures == [])
        let seen = play.events.filter { $0.name == "seen" && $0.agent == "bo" }.map(\.details)
        #expect(
            seen == [
                .map(["pot": .int(100), "mean": .int(0), "all": .int(0)]),
                .map(["pot": .int(14), "mean": .double(7), "all": .int(0)]),
            ])
        let names = play.events.filter { $0.name == "names" }.map(\.details)
        let expected = Value.map([
            "all": .list([.text("Ann"), .text("Bo"), .text("Cy")]),
            "pot": .map(["red": .int(14), "blue": .int(7)]),
        ])
        #expect(names == [expected, expected])
    }

    @Test func theRunEndsWithTheRoundInWhichTheStopRuleHolds() async throws {
        let play = try Self.play(
            turn: "- add: { turns: 1 }",
            environment: """
                environment:
                  fields: { turns: 0 }
                  stop: turns >= 6
                """)
        var ends: [Int] = []
        for _ in 0..<3 {
            try await play.playRound()
            ends.append(play.events.filter { $0.name == "end of the run" }.count)
        }
        // A run that is given more rounds goes on, and ends again.
        #expect(ends == [0, 1, 2])
    }

    @Test func anAgentIsChosenByNameAndCanBeWrittenTo() async throws {
        let play = try Self.play(
            turn: """
                - ask: friend
                  prompt: |
                    Whom do you like?{{#related.friends}} {{name}}{{/related.friends}}
                  agent: related.friends
                - when: friend != null
                  tell: { to: friend, subject: like }
                - each: { as: fan, in: inbox.like }
                  do:
                    - remember: |
                        {{fan.from}} likes me.
                """, more: "relations: { friends: { file: friends.csv } }",
            files: ["friends.csv": "from,to\nann,bo\nann,cy\n"])
        for _ in 0..<2 { try await play.playRound() }
        #expect(play.failures == [])
        #expect(play.prompts.contains { $0.contains("Whom do you like? Bo Cy") })
        #expect(play.memories(of: "ann") == ["Bo likes me.", "Cy likes me."])
        #expect(play.memories(of: "cy") == ["Ann likes me."])
    }

    @Test func aChoiceTakesWhatAnExpressionComputesAndASchemaGivesItsParts() async throws {
        let play = try Self.play(
            turn: """
                - ask: colour
                  prompt: Which?
                  choice: '["red", "blue", team + "ish"]'
                - ask: plan
                  prompt: What?
                  schema: { type: object, properties: { days: { type: integer } }, required: [days] }
                - event: { name: planned, details: { days: plan.days, colour: colour } }
                """
        ) { _, options in options?.last ?? "{\"days\": 3}" }
        try await play.playRound()
        #expect(play.failures == [])
        let planned = play.events.filter { $0.name == "planned" }.map(\.details)
        #expect(planned.last == .map(["days": .int(3), "colour": .text("blueish")]))
    }

    @Test(arguments: [
        ("- set: { coins: coins / 2 }", "coins takes a whole number"),
        ("- set: { coins: \"if(coins > 0, null, 1)\" }", "coins cannot be null"),
        ("- let: { x: 1 / (coins - coins) }", "a division by 0, in: 1 / (coins - coins)"),
        ("- add: { total: coins / 2 }", "only whole numbers are added"),
        ("- ask: x\n  prompt: a\n  scale: [5, coins - 20]", "the scale of x needs whole numbers"),
        ("- ask: x\n  prompt: a\n  choice: team", "a choice takes a list"),
        ("- when: coins\n  set: { coins: 1 }", "it is neither true nor false: coins"),
        ("- tell: { to: coins, subject: s }", "an agent is expected"),
        ("- each: { as: x, in: coins }\n  do: []", "each takes a list: coins"),
    ])
    func aStepThatCannotBeTakenFailsItsTurnAndSaysWhy(turn: String, what: String) async throws {
        let play = try Self.play(
            turn: turn,
            environment: """
                environment:
                  fields: { total: 0 }
                """)
        try await play.playRound()
        #expect(play.failures.count == 3)
        #expect(play.failures.first?.contains(what) == true, "\(play.failures)")
    }

    @Test(arguments: [
        ("total: total / 2", "total takes a whole number, since turns add to it"),
        ("names: total", "names takes a list, since turns collect in it"),
        ("pot: seen", "pot takes a whole number, since turns add to it"),
        ("total: \"if(total > 0, null, 0)\"", "total cannot be null"),
    ])
    func whatTurnsAddToStaysWhatItIs(assignment: String, what: String) async throws {
        let play = try Self.play(
            turn: """
                - add: { total: coins, "pot[team]": coins }
                - collect: { names: name, "seen[team]": coins }
                """,
            environment: """
                environment:
                  fields: { total: 0, names: [] }
                  keyed: { pot: 0, seen: [] }
                  update:
                    - set: { \(assignment) }
                """)
        for _ in 0..<2 { try await play.playRound() }
        #expect(play.failures.count == 2 && play.failures.allSatisfy { $0.contains(what) }, "\(play.failures)")
        #expect(play.world["total"] == .int(42))
    }

    @Test(arguments: [
        ("total: some", "total is no whole number, nothing can be added to it"),
        ("names: 5", "names is no list, nothing can be collected in it"),
    ])
    func whatTheConfigurationMakesOfAFieldIsNotOverwritten(field: String, what: String) async throws {
        let play = try Self.play(
            turn: """
                - add: { total: coins }
                - collect: { names: name }
                """,
            environment: """
                environment:
                  fields: { total: 0, names: [] }
                """, more: "environment: { fields: { \(field) } }")
        try await play.playRound()
        #expect(play.failures.count == 3 && play.failures.allSatisfy { $0.contains(what) }, "\(play.failures)")
    }

    @Test func aLoopLeavesNothingBehind() async throws {
        let play = try Self.play(
            turn: """
                - each: { as: mate, in: same.team }
                  do:
                    - when: mate.name == "Bo"
                      let: { isBo: true }
                    - event: { name: seen, details: { bo: isBo } }
                - event: { name: end }
                """)
        try await play.playRound()
        #expect(play.failures == [])
        #expect(play.events.filter { $0.name == "seen" }.map(\.details["bo"]) == [.bool(true), .null])
    }

    @Test func nobodysPrivateFieldsAreInAnothersPrompt() async throws {
        let play = try Self.play(
            turn: """
                - ask: view
                  prompt: |
                    You are {{name}}.{{#same.team}} {{name}} {{team}}{{/same.team}}\
                    {{#inbox.s}} {{from}} {{text}}{{/inbox.s}}
                  text: true
                - tell: { to: same.team, subject: s, text: "{{view}}" }
                """)
        for _ in 0..<3 { try await play.playRound() }
        #expect(play.failures == [] && play.prompts.count == 9)
        let secrets = ["Ann": "likes jazz", "Bo": "fears dogs", "Cy": "is broke"]
        for prompt in play.prompts {
            for (name, secret) in secrets where prompt.contains(secret) { #expect(prompt.contains("You are \(name).")) }
        }
        #expect(secrets.values.allSatisfy { secret in play.prompts.contains { $0.contains(secret) } })
    }
}
