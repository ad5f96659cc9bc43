import JSON
import Model
import SimulationKit
import Support
import Testing
import TurnEngine

@Suite struct ConversationTests {
    private static let templates = [
        "conversation":
            "{{announcement}}|{{topic}}|you {{name}}|{{#participants}}{{name}},{{/participants}}|"
            + "{{#lines}}{{speaker}}: {{text}};{{/lines}}",
        "conversation_scripted": "scripted {{name}} [{{profile}}] {{#lines}}{{speaker}}: {{text}};{{/lines}}",
        "conversation_script": "{{topic}} at most {{limit}}:{{#participants}} {{name}} [{{profile}}]{{/participants}}",
        "memories/conversation": "We talked about {{topic}}:{{#lines}} {{speaker}}: {{text}}{{/lines}}",
    ]

    /// A world in which everybody answers as `say` has it, from the name in its own profile and the observation.
    private func world(
        _ rules: ConversationRules, with others: [AgentID] = [World.ben, World.cleo],
        templates: [String: String] = ConversationTests.templates,
        result: Guarded<Conversation?> = Guarded(nil),
        say: @escaping @Sendable (_ speaker: String, _ observation: String) -> String
    ) throws -> World {
        let performer = ScriptedPerformer { spec in
            let profile = spec.messages.first?.text ?? ""
            let speaker = ["Ada", "Ben", "Cleo"].first { profile.contains("You are \($0),") } ?? ""
            return ScriptedPerformer.answer(say(speaker, spec.messages.last?.text ?? ""))
        }
        return try World(
            ClosureScenario { turn in
                let talk = try await turn.converse(
                    with: others, about: "the weather", rules: rules, announcement: "Be kind")
                result.withLock { $0 = talk }
            }, performer: performer, templates: templates)
    }

    private func converse(
        _ rules: ConversationRules, with others: [AgentID] = [World.ben, World.cleo],
        say: @escaping @Sendable (_ speaker: String, _ observation: String) -> String
    ) async throws -> (conversation: Conversation?, result: RootResult, world: World) {
        let result = Guarded<Conversation?>(nil)
        let world = try world(rules, with: others, result: result, say: say)
        let root = try await world.run()
        return (result.withLock { $0 }, root, world)
    }

    private func spoken(_ conversation: Conversation?) -> [String] {
        (conversation?.lines ?? []).map { "\($0.name): \($0.text)" }
    }

    @Test func everyParticipantSpeaksForItselfFromItsOwnProfile() async throws {
        let (conversation, result, world) = try await converse(ConversationRules(limit: 4)) { speaker, _ in
            "I am \(speaker)"
        }
        #expect(
            spoken(conversation) == ["Ada: I am Ada", "Ben: I am Ben", "Cleo: I am Cleo", "Ada: I am Ada"])
        #expect(conversation?.ending == .limit)
        // Each one's turn, not the opener's, made its call.
        let callers = result.tree.turns.filter { !$0.outcomes.isEmpty }.map(\.agent)
        #expect(Set(callers) == [World.ada, World.ben, World.cleo])
        let last = world.performer.seen.withLock { $0.specs.last?.messages.last?.text ?? "" }
        #expect(last.contains("Be kind|the weather|you Ada|Ada,Ben,Cleo,|Ada: I am Ada;Ben: I am Ben;Cleo: I am Cleo;"))
    }

    @Test func allRememberWhatTheyHeard() async throws {
        let (_, result, _) = try await converse(
            ConversationRules(limit: 3, joining: [World.cleo: 2])
        ) { speaker, _ in "I am \(speaker)" }
        #expect(
            Set(result.remembered) == [
                "\(World.ada): We talked about the weather: Ada: I am Ada Ben: I am Ben Cleo: I am Cleo",
                "\(World.ben): We talked about the weather: Ada: I am Ada Ben: I am Ben Cleo: I am Cleo",
                "\(World.cleo): We talked about the weather: Cleo: I am Cleo",
            ])
    }

    @Test(arguments: [(ConversationRules.History.sinceJoining, false), (.all, true)])
    func whoJoinsLaterHearsWhatTheHistoryAllows(_ history: ConversationRules.History, hearsAll: Bool) async throws {
        let rules = ConversationRules(history: history, limit: 3, joining: [World.cleo: 2])
        let (conversation, _, world) = try await converse(rules) { speaker, _ in "I am \(speaker)" }
        #expect(conversation?.joined == [World.ada: 0, World.ben: 0, World.cleo: 2])
        let specs = world.performer.seen.withLock { $0.specs }
        let heard = try #require(specs.last?.messages.last?.text)
        #expect(heard.contains("you Cleo") && heard.contains("Ada: I am Ada") == hearsAll)
    }

    @Test func whoSaysTheEndWordLeaves() async throws {
        let rules = ConversationRules(limit: 50, endWord: "GOODBYE")
        let (conversation, _, _) = try await converse(rules) { speaker, heard in
            speaker == "Ben" || heard.contains("Cleo: hm;Ada") ? "GOODBYE" : "hm"
        }
        #expect(spoken(conversation) == ["Ada: hm", "Ben: GOODBYE", "Cleo: hm", "Ada: hm", "Cleo: GOODBYE"])
        #expect(conversation?.ending == .left)
    }

    @Test func whoIsMentionedSpeaksNext() async throws {
        let rules = ConversationRules(order: .byMention, limit: 4)
        let (conversation, _, _) = try await converse(rules) { speaker, _ in
            switch speaker {
            case "Ada": "What do you say, @Cleo? And @Ben?"
            case "Cleo": "I am with @Cleo and @Ada"
            default: "never"
            }
        }
        #expect(conversation?.lines.map(\.name) == ["Ada", "Cleo", "Ada", "Cleo"])
    }

    @Test func atRandomNobodySpeaksTwiceInARow() async throws {
        let rules = ConversationRules(order: .random, limit: 30)
        let (conversation, _, _) = try await converse(rules) { speaker, _ in speaker }
        let names = try #require(conversation).lines.map(\.name)
        #expect(names.count == 30 && Set(names).count == 3)
        #expect(zip(names, names.dropFirst()).allSatisfy { $0 != $1 })
        let (again, _, _) = try await converse(rules) { speaker, _ in speaker }
        #expect(again == conversation)
    }

    @Test(arguments: [1, 2]) func aScriptIsOneCallThatKnowsOfOthersWhatIsPublic(others: Int) async throws {
        let script = #"{"lines":[{"speaker":"Ben","text":"Ben: Hello."},{"speaker":"Ada","text":"Rain."}]}"#
        let with = Array([World.ben, World.cleo].prefix(others))
        let (conversation, result, world) = try await converse(
            ConversationRules(mode: .script, limit: 8), with: with
        ) { _, _ in script }
        #expect(spoken(conversation) == ["Ben: Hello.", "Ada: Rain."])
        #expect(conversation?.ending == .script)
        let specs = world.performer.seen.withLock { $0.specs }
        #expect(specs.count == 1 && specs.first?.kind == .structured)
        let prompt = try #require(specs.first?.messages.last?.text)
        #expect(prompt.contains("the weather at most 8: Ada [name: Ada] Ben [name: Ben]"))
        #expect(!prompt.contains("hidden"))
        guard case .jsonSchema(let schema)? = specs.first?.constraint else {
            Issue.record("a script has a schema")
            return
        }
        let parsed = try JSONValue(parsing: Array(schema.utf8))
        #expect(parsed["properties"]?["lines"]?["maxItems"]?.intValue == 8)
        #expect(result.remembered.count == 1 + others)
    }

    @Test func aScriptIsCutAtItsLimitAndOthersMayNotSpeak() async throws {
        let line = #"{"speaker":"Ada","text":"hm"}"#
        let long = #"{"lines":[\#([String](repeating: line, count: 5).joined(separator: ","))]}"#
        let rules = ConversationRules(mode: .script, limit: 3)
        #expect(try await converse(rules) { _, _ in long }.conversation?.lines.count == 3)
        let foreign = #"{"lines":[{"speaker":"Zoe","text":"hm"}]}"#
        let failed = try await converse(rules) { _, _ in foreign }
        #expect(failed.conversation == nil)
        #expect(failed.result.tree.turns.first?.failure?.reason == .rejectedAnswers)
    }

    @Test func scriptedParticipantsOfAHybridAreWrittenByTheOpener() async throws {
        let rules = ConversationRules(mode: .hybrid(scripted: [World.ben]), limit: 3)
        let (conversation, result, world) = try await converse(rules) { speaker, heard in
            heard.contains("scripted Ben [name: Ben]") ? "by \(speaker)" : "I am \(speaker)"
        }
        #expect(spoken(conversation) == ["Ada: I am Ada", "Ben: by Ada", "Cleo: I am Cleo"])
        // Ben has a turn, to remember, and no call in it.
        let bens = result.tree.turns.filter { $0.agent == World.ben }
        #expect(!bens.isEmpty && bens.allSatisfy { $0.outcomes.isEmpty })
        #expect(
            !world.performer.seen.withLock { $0.specs }.contains { $0.messages.last?.text.contains("hidden") == true })
    }

    @Test func whoOnlyHasOthersTalkSaysAndRemembersNothing() async throws {
        let result = Guarded<Conversation?>(nil)
        let world = try World(
            ClosureScenario { turn in
                let talk = try await turn.converse(
                    with: [World.ben, World.cleo], about: "x", rules: ConversationRules(limit: 3), isTakingPart: false)
                result.withLock { $0 = talk }
            }, performer: ScriptedPerformer { _ in ScriptedPerformer.answer("hm") }, templates: Self.templates)
        let root = try await world.run()
        #expect(result.withLock { $0 }?.lines.map(\.name) == ["Ben", "Cleo", "Ben"])
        #expect(root.remembered.count == 2 && !root.remembered.contains { $0.hasPrefix("\(World.ada):") })
    }

    @Test func aParticipantWhoseTurnFailsLeavesWithoutAWord() async throws {
        let performer = ScriptedPerformer { spec in
            let text = spec.messages.first?.text ?? ""
            return text.contains("You are Ben,")
                ? ScriptedPerformer.rejection("silent") : ScriptedPerformer.answer("hm")
        }
        let result = Guarded<Conversation?>(nil)
        let world = try World(
            ClosureScenario { turn in
                let talk = try await turn.converse(
                    with: [World.ben, World.cleo], about: "x", rules: ConversationRules(limit: 4))
                result.withLock { $0 = talk }
            }, performer: performer, templates: Self.templates)
        let tree = try await world.run().tree
        #expect(tree.turns.first?.failure == nil)
        #expect(result.withLock { $0 }?.lines.map(\.name) == ["Ada", "Cleo", "Ada", "Cleo"])
    }

    @Test(
        arguments: [
            ([], ConversationRules()), ([World.ada], ConversationRules()),
            ([World.ben, World.ben], ConversationRules()),
            ([AgentID.environment], ConversationRules()), ([World.ben], ConversationRules(limit: 0)),
        ] as [([AgentID], ConversationRules)])
    func aConversationThatCannotBeFailsTheTurn(_ others: [AgentID], _ rules: ConversationRules) async throws {
        let (_, result, _) = try await converse(rules, with: others) { speaker, _ in speaker }
        #expect(result.tree.turns.first?.failure?.reason == .scenarioError)
    }

    @Test func aMissingTemplateIsNamed() async throws {
        let world = try world(ConversationRules(), templates: [:]) { speaker, _ in speaker }
        let failure = try await world.run().tree.turns.first?.failure
        #expect(failure?.text.contains("conversation.mustache") == true)
    }
}
