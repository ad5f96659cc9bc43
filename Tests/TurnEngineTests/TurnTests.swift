import Hashing
import Model
import SimulationKit
import Support
import Testing
import TurnEngine

@Suite struct TurnTests {
    @Test func theSameTurnGivesTheSameTreeWhateverTheTiming() async throws {
        // Branches end in the reverse order of their items in one run and in order in the other.
        func tree(reversed: Bool) async throws -> Tree {
            let gates = (0..<4).map { _ in Gate() }
            if !reversed { for gate in gates { gate.open() } } else { gates[3].open() }
            let performer = ScriptedPerformer(
                respond: { ScriptedPerformer.answer("said \($0.messages.last?.text.suffix(1) ?? "")") },
                delay: { spec in
                    guard let index = spec.messages.last?.text.last.flatMap({ Int(String($0)) }) else { return }
                    await gates[index].pass()
                    if reversed, index > 0 { gates[index - 1].open() }
                })
            let world = try World(
                ClosureScenario { turn in
                    let texts = try await turn.parallel(Array(0..<4)) { item, turn in
                        let text = try await turn.write("question", ["text": .text("item \(item)")])
                        try turn.rememberText(text)
                        return text
                    }
                    #expect(texts == ["said 0", "said 1", "said 2", "said 3"])
                    try turn.rememberText("end")
                }, performer: performer)
            return try await world.run().tree
        }
        #expect(try await tree(reversed: false) == tree(reversed: true))
    }

    @Test func branchesSeeWhatWasWrittenBeforeTheForkAndNotOneAnother() async throws {
        let world = try World(
            ClosureScenario { turn in
                try turn.set("score", to: .int(10))
                let seen = try await turn.parallel([1, 2]) { item, turn in
                    let before = turn.field("score")?.int
                    try turn.add(Int64(item), to: "score")
                    return before
                }
                #expect(seen == [10, 10])
                #expect(turn.field("score") == .int(13))
            })
        let result = try await world.run()
        #expect(result.tree.root.failure == nil)
        #expect(result.tree.root.operations.count == 3)
    }

    @Test func aFailedBranchIsReportedByTheOrderOfItemsNotOfTime() async throws {
        struct Broken: Error, CustomStringConvertible { let description: String }
        let world = try World(
            ClosureScenario { turn in
                _ = try await turn.parallel([0, 1, 2]) { item, turn -> Int in
                    if item > 0 { throw Broken(description: "branch \(item)") }
                    _ = try await turn.write("question", ["text": .text("q")])
                    return item
                }
            })
        let failure = try await world.run().tree.root.failure
        #expect(failure == TurnFailure(reason: .scenarioError, text: "branch 1"))
    }

    @Test func anAnsweringAgentSeesWhatTheTreeWroteToItBefore() async throws {
        let scenario = ClosureScenario(
            act: { turn in
                for word in ["one", "two"] { _ = try await turn.ask(World.ben, .text(word)) }
                let last = try await turn.ask(World.ben, .text("count"))
                #expect(last == .int(5))
            },
            answer: { request, _, turn in
                if request != .text("count") {
                    try turn.add(1, to: "score")
                    try turn.rememberText("heard \(request.text ?? "")")
                }
                return turn.field("score") ?? .null
            })
        let result = try await World(scenario).run()
        #expect(result.remembered == ["#1: heard one", "#1: heard two"])
        #expect(result.tree.turns.map(\.path) == [[], [0], [1], [2]])
    }

    @Test func aFailedPassiveTurnLosesItsEffectAndThatOfTheTurnsBelowIt() async throws {
        struct Broken: Error {}
        let scenario = ClosureScenario(
            act: { turn in
                try turn.rememberText("before")
                await #expect(throws: AskFailed.self) { try await turn.ask(World.ben, .text("deep")) }
                try turn.rememberText("after")
            },
            answer: { request, _, turn in
                try turn.rememberText("wrote")
                if request == .text("deep") {
                    _ = try await turn.ask(World.cleo, .null)
                    throw Broken()
                }
                return .null
            })
        let result = try await World(scenario).run()
        #expect(result.remembered == ["#0: before", "#0: after"])
        #expect(result.tree.turns.count == 3)
        #expect(result.tree.turns[1].failure?.reason == .scenarioError)
    }

    @Test func anUncaughtFailureOfAnAskFailsTheAsker() async throws {
        struct Broken: Error {}
        let scenario = ClosureScenario(
            act: { turn in _ = try await turn.ask(World.ben, .null) }, answer: { _, _, _ in throw Broken() })
        #expect(try await World(scenario).run().tree.root.failure?.reason == .askFailed)
    }

    @Test func rejectedAnswersFailTheTurnAndKeepWhatWasPaidForOnRecord() async throws {
        let performer = ScriptedPerformer(respond: { _ in ScriptedPerformer.rejection("no option matched") })
        let world = try World(
            ClosureScenario { turn in
                try turn.rememberText("gone")
                _ = try await turn.choose("question", ["text": .text("?")], options: ["a", "b"])
            }, performer: performer)
        let result = try await world.run()
        #expect(result.tree.root.failure?.reason == .rejectedAnswers)
        #expect(result.tree.root.operations.isEmpty)
        #expect(result.tree.root.outcomes.count == 1)
        #expect(result.outcomes.count == 1)
    }

    @Test func anInterruptionIsNoFailure() async throws {
        let world = try World(ClosureScenario { _ in throw TurnInterrupted(reason: "stop") })
        await #expect(throws: TurnInterrupted.self) { try await world.run() }
    }

    @Test func limitsOnCallsAndDepthFailTheTurn() async throws {
        let calls = try World(
            ClosureScenario { turn in
                for _ in 0..<5 { _ = try await turn.write("question", ["text": .text("?")]) }
            }, limits: .init(calls: 3, depth: 3))
        #expect(try await calls.run().tree.root.failure?.reason == .limit)
        let depth = try World(
            ClosureScenario(
                act: { turn in _ = try await turn.ask(World.ben, .null) },
                answer: { _, _, turn in try await turn.ask(turn.agent == World.ben ? World.cleo : World.ben, .null) }))
        let result = try await depth.run()
        #expect(result.tree.turns.last?.failure?.reason == .limit)
        #expect(result.tree.root.failure?.reason == .askFailed)
    }

    @Test func aTurnThatWritesTooManyBytesFailsWhetherInBranchesOrByAsks() async throws {
        let text = String(repeating: "x", count: 400)
        let branches = try World(
            ClosureScenario { turn in
                _ = try await turn.parallel([1, 2, 3]) { _, turn in try turn.rememberText(text) }
                try turn.rememberText("one more")
            }, limits: .init(calls: 100, depth: 3, bytes: 1000))
        #expect(try await branches.run().tree.root.failure?.reason == .limit)
        let asks = try World(
            ClosureScenario(
                act: { turn in for _ in 0..<3 { _ = try await turn.ask(World.ben, .null) } },
                answer: { _, _, turn in
                    try turn.rememberText(text)
                    return .null
                }), limits: .init(calls: 100, depth: 3, bytes: 1000))
        let result = try await asks.run()
        #expect(result.tree.root.failure?.reason == .limit)
        #expect(result.remembered.isEmpty)
    }

    @Test func callsBeforeAForkCountInItsBranches() async throws {
        let world = try World(
            ClosureScenario { turn in
                for _ in 0..<3 { _ = try await turn.write("question", ["text": .text("?")]) }
                _ = try await turn.parallel([1]) { _, turn in
                    try await turn.write("question", ["text": .text("?")])
                }
            }, limits: .init(calls: 3, depth: 3))
        #expect(try await world.run().tree.root.failure?.reason == .limit)
    }

    @Test func aRerunWithRecordedOutcomesCallsNobody() async throws {
        let scenario = ClosureScenario { turn in
            let choice = try await turn.choose("question", ["text": .text("?")], options: ["no", "yes"])
            try turn.rememberText("chose \(choice)")
        }
        let first = try World(scenario)
        let result = try await first.run()
        let (call, spec) = first.performer.seen.withLock { ($0.calls[0], $0.specs[0]) }
        let record = RecordedOutcome(request: spec.requestHash, content: .answer("yes", rejection: ""))
        let second = try World(scenario, performer: ScriptedPerformer(respond: { _ in ScriptedPerformer.answer("no") }))
        let again = try await second.run(recorded: [call: record])
        #expect(again.tree == result.tree)
        #expect(second.performer.seen.withLock { $0.calls.isEmpty })
    }

    @Test func anAskBringsAlongNothingThatIsRecordedForTurnsAboveItOrForEarlierAsks() async throws {
        @Sendable func question(_ text: String, _ turn: Turn) async throws {
            _ = try await turn.write("question", ["text": .text(text)])
        }
        let scenario = ClosureScenario {
            try await question("before", $0)
            _ = try await $0.ask(World.ben, .text("first"))
            _ = try await $0.parallel([World.ben]) { agent, branch in
                try await question("in the branch", branch)
                return try await branch.ask(agent, .text("second"))
            }
        } answer: { request, _, turn in
            try await question("while answering", turn)
            if turn.agent == World.ben { _ = try await turn.ask(World.cleo, request) }
            return .null
        }
        let first = try World(scenario)
        _ = try await first.run()
        let (calls, specs) = first.performer.seen.withLock { ($0.calls, $0.specs) }
        #expect(calls.count == 6)
        let recorded = zip(calls, specs).map {
            ($0, RecordedOutcome(request: $1.requestHash, content: .answer("yes", rejection: "")))
        }
        let second = try World(scenario)
        _ = try await second.run(recorded: Dictionary(uniqueKeysWithValues: recorded))
        let seen = second.performer.seen.withLock { $0 }
        #expect(seen.calls.isEmpty)
        // To Ben, from there to Cleo, to Ben again, to Cleo: in the order in which the first run made its calls.
        let carried = seen.asks.map { ask in Set(ask.recorded.map(\.call)) }
        #expect(seen.asks.map(\.agent) == [World.ben, World.cleo, World.ben, World.cleo])
        // What a later ask needs cannot be told from what this one needs.
        let (ben, cleo, branch, benAgain, cleoAgain) = (calls[1], calls[2], calls[3], calls[4], calls[5])
        #expect(carried[0] == [ben, cleo, benAgain, cleoAgain])
        #expect(carried[1] == [cleo, benAgain, cleoAgain])
        #expect(carried[2] == [benAgain, cleoAgain])
        #expect(carried[3] == [cleoAgain])
        #expect(!carried.contains { $0.contains(branch) || $0.contains(calls[0]) })
    }

    @Test func othersSeePublicFieldsOnly() async throws {
        let world = try World(
            ClosureScenario { turn in
                let profile = turn.publicProfile(of: World.ben)
                #expect(profile["name"] == .text("Ben"))
                #expect(profile["secret"] == nil)
            })
        #expect(try await world.run().tree.root.failure == nil)
    }

    @Test func promptsLayOutWhatIsSharedFirstAndWhatChangesLast() async throws {
        var state = AgentState()
        state.memory.remember("I slept.", time: 0, settings: MemorySettings())
        state.fields["score"] = .int(9)
        let world = try World(
            ClosureScenario { turn in _ = try await turn.write("question", ["text": .text("What now?")]) })
        _ = try await world.run(state: state)
        let spec = try #require(world.performer.seen.withLock { $0.specs.first })
        #expect(spec.messages[0].role == .system)
        #expect(spec.messages[0].text == "Be a person.\nYou are Ada, who is hidden.\n")
        #expect(spec.messages[1].text == "Score 9.\nLong:\nShort:\n- I slept.\nWhat now?")
    }

    @Test func memoriesGiveWayBeforeAPromptPassesItsBudget() async throws {
        var state = AgentState()
        for index in 0..<3 {
            state.memory.remember(String(repeating: "\(index)", count: 300), time: 0, settings: MemorySettings())
        }
        let scenario = ClosureScenario { turn in _ = try await turn.write("question", ["text": .text("Now?")]) }
        let world = try World(scenario, promptTokens: 250)
        let result = try await world.run(state: state)
        #expect(result.tree.root.failure == nil)
        let text = try #require(world.performer.seen.withLock { $0.specs.first?.messages.last?.text })
        #expect(!text.contains("000") && text.contains("222"))
        let narrow = try World(scenario, promptTokens: 20)
        #expect(try await narrow.run(state: state).tree.root.failure?.reason == .limit)
    }

    @Test func randomDrawsFollowTheSeedAndTheTurn() async throws {
        func draws(_ seed: UInt64) async throws -> [String] {
            let world = try World(
                ClosureScenario { turn in
                    for _ in 0..<5 { try turn.rememberText("\(try turn.random(below: 1000))") }
                }, seed: seed)
            return try await world.run().remembered
        }
        #expect(try await draws(1) == draws(1))
        #expect(try await draws(1) != draws(2))
    }
}

/// Opens once and lets everybody pass from then on.
final class Gate: Sendable {
    private let state = Guarded<(open: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func pass() async {
        await withCheckedContinuation { continuation in
            let open = state.withLock { state in
                if !state.open { state.waiting.append(continuation) }
                return state.open
            }
            if open { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    @Test(arguments: ["write", "embed", "ask", "parallel"])
    func aTurnWhoseCodeCatchesAnInterruptionIsInterruptedAllTheSame(call: String) async throws {
        let performer = ScriptedPerformer(interrupts: true)
        let world = try World(
            ClosureScenario { turn in
                switch call {
                case "write": _ = try? await turn.write("question", ["text": .text("what?")])
                case "embed": _ = try? await turn.embed(["a"])
                case "ask": _ = try? await turn.ask(World.ben, .null)
                default:
                    _ = try await turn.parallel([1, 2]) { _, branch in
                        (try? await branch.write("question", ["text": .text("what?")])) ?? "made up"
                    }
                }
                try turn.rememberText("made up")
            }, performer: performer)
        await #expect(throws: TurnInterrupted.self) { try await world.run() }
    }
}
