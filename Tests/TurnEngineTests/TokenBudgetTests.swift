import Hashing
import Model
import SimulationKit
import Support
import Testing
import TurnEngine

/// Prompts within their budget, where the servers count tokens.
@Suite struct TokenBudgetTests {
    /// A tokenizer of its own kind: words of up to six bytes, every digit for itself, and no sum over pieces is right,
    /// since what is joined at a border becomes one word, or two.
    private static func tokens(in messages: [PromptMessage]) -> Int {
        messages.reduce(11) { sum, message in
            var count = 5
            var word = 0
            for byte in message.text.utf8 {
                let isDigit = (0x30...0x39).contains(byte)
                if isDigit || byte == 0x20 || byte == 0x0A { word = 0 } else { word = word % 6 + 1 }
                if isDigit || word == 1 { count += 1 }
            }
            return sum + count
        }
    }

    private static func performer(refuses: @escaping @Sendable (Int) -> Bool = { _ in false }) -> ScriptedPerformer {
        ScriptedPerformer { spec in
            guard spec.kind == .count else {
                return ScriptedPerformer.answer(
                    spec.kind == .importance ? "5" : spec.constraint == .free ? "Why so?" : "yes")
            }
            let tokens = tokens(in: spec.messages)
            return refuses(tokens) ? ScriptedPerformer.rejection("too long") : ScriptedPerformer.answer("\(tokens)")
        }
    }

    private static let asking = ClosureScenario { turn in
        _ = try await turn.choose("question", ["text": .text("Now?")], options: ["yes", "no"])
    }

    private static func state(_ entries: [String], short: Int) -> AgentState {
        var state = AgentState()
        for (place, text) in entries.enumerated() {
            state.memory.remember(text, time: Int64(place), settings: MemorySettings(kind: .short, short: short))
        }
        return state
    }

    @Test func aPromptThatFitsByItsBytesAloneIsNotCounted() async throws {
        let performer = Self.performer()
        let world = try World(
            Self.asking, performer: performer, memory: MemorySettings(kind: .short, short: 9), promptTokens: 2_000,
            countsTokens: true)
        let state = Self.state(["one", "two"], short: 9)
        let counted = try await world.run(state: state)
        #expect(performer.seen.withLock { $0.specs.map(\.kind) } == [.choice])
        let estimated = try World(
            Self.asking, performer: Self.performer(), memory: MemorySettings(kind: .short, short: 9),
            promptTokens: 2_000)
        #expect(try await estimated.run(state: state).tree == counted.tree)
    }

    @Test func aPromptThatMayBeTooLongIsCountedOnceAndGoesWholeWhereItFits() async throws {
        let performer = Self.performer()
        let world = try World(
            Self.asking, performer: performer, memory: MemorySettings(kind: .short, short: 20), promptTokens: 400,
            countsTokens: true)
        let entries = (0..<20).map { "a memory of some evening, the one with \($0)" }
        _ = try await world.run(state: Self.state(entries, short: 20))
        let specs = performer.seen.withLock { $0.specs }
        #expect(specs.map(\.kind) == [.count, .choice])
        #expect(specs[0].messages == specs[1].messages)
        for entry in entries { #expect(specs[1].messages[1].text.contains(entry)) }
    }

    @Test func countsAreCallsOfTheTreeAndARerunDoesNotAskForThemAgain() async throws {
        let memory = MemorySettings(kind: .short, short: 20)
        let entries = (0..<20).map { "a memory of some evening, the one with \($0)" }
        let performer = Self.performer()
        let world = try World(
            Self.asking, performer: performer, memory: memory, promptTokens: 200, countsTokens: true)
        let first = try await world.run(state: Self.state(entries, short: 20))
        let seen = performer.seen.withLock { $0 }
        #expect(seen.specs.filter { $0.kind == .count }.count > 1)
        #expect(first.outcomes.map(\.call) == seen.calls)
        // Counts have numbers from the end, so that the answer's seeds are those that it has without them.
        #expect(seen.calls.last?.number == 0)
        #expect(seen.calls.dropLast().map(\.number) == (1..<UInt32(seen.calls.count)).map { .max - $0 })
        let recorded = zip(seen.calls, seen.specs).map { call, spec in
            let answer = spec.kind == .count ? "\(Self.tokens(in: spec.messages))" : "yes"
            return (
                call, RecordedOutcome(request: spec.requestHash, content: .answer(answer, rejection: ""))
            )
        }
        let silent = ScriptedPerformer(interrupts: true)
        let again = try World(Self.asking, performer: silent, memory: memory, promptTokens: 200, countsTokens: true)
        let second = try await again.run(
            state: Self.state(entries, short: 20), recorded: Dictionary(uniqueKeysWithValues: recorded))
        #expect(second.tree == first.tree)
        #expect(silent.seen.withLock { $0.calls.isEmpty })
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func noPromptPassesItsBudgetAndNoneIsShorterThanItMustBe(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let count = Int(random.next() % 12)
        let entries = (0..<count).map { place in
            let words = ["dog", "extraordinarily", "12345678", "東京は雨です", "🙂🙂", "a b c d", "Zoë"]
            return (0...Int(random.next() % 20)).map { _ in words[Int(random.next() % 7)] }.joined(separator: " ")
                + " #\(place)."
        }
        let budget = 64 + Int(random.next() % 400)
        let performer = Self.performer()
        let world = try World(
            Self.asking, performer: performer, memory: MemorySettings(kind: .short, short: 12), promptTokens: budget,
            countsTokens: true)
        let result = try await world.run(state: Self.state(entries, short: 12))
        let specs = performer.seen.withLock { $0.specs }
        let counts = specs.filter { $0.kind == .count }
        #expect(counts.count <= 5, "seed \(seed)")
        guard let chosen = specs.last, chosen.kind == .choice else {
            #expect(result.tree.turns[0].failure?.reason == .limit, "seed \(seed)")
            #expect(counts.allSatisfy { Self.tokens(in: $0.messages) > budget }, "seed \(seed)")
            return
        }
        #expect(Self.tokens(in: chosen.messages) <= budget, "seed \(seed)")
        // With one memory more it would have been too long.
        let text = chosen.messages[1].text
        guard let left = entries.indices.last(where: { !text.contains(entries[$0]) }) else { return }
        var longer = chosen.messages
        let heading = "Short:"
        longer[1].segments = [text.replacing(heading, with: "\(heading)\n- \(entries[left])", maxReplacements: 1)]
        #expect(text.contains(heading) == false || Self.tokens(in: longer) > budget, "seed \(seed)")
    }

    @Test func aPromptThatNoServerTakesIsTooLongAsIsOneWithoutMemories() async throws {
        let memory = MemorySettings(kind: .short, short: 20)
        let entries = (0..<20).map { "a memory of some evening, the one with \($0)" }
        let performer = Self.performer(refuses: { $0 > 150 })
        let world = try World(
            Self.asking, performer: performer, memory: memory, promptTokens: 400, countsTokens: true)
        _ = try await world.run(state: Self.state(entries, short: 20))
        let chosen = try #require(performer.seen.withLock { $0.specs.last })
        #expect(chosen.kind == .choice)
        #expect(Self.tokens(in: chosen.messages) <= 150)
        let all = try World(
            Self.asking, performer: Self.performer(refuses: { _ in true }), memory: memory, promptTokens: 100,
            countsTokens: true)
        let result = try await all.run(state: Self.state(entries, short: 20))
        #expect(result.tree.turns[0].failure?.text == "a prompt without memories is longer than 100 tokens")
    }

    @Test func promptAndLongestOptionTogetherFitIntoTheContext() async throws {
        let option = String(repeating: "long ", count: 100)
        let scenario = ClosureScenario { turn in
            _ = try await turn.choose("question", ["text": .text("Now?")], options: ["yes", option])
        }
        let performer = Self.performer()
        // 64 tokens are left for answers, and this one may have 502.
        let world = try World(
            scenario, performer: performer, memory: MemorySettings(kind: .short, short: 20), promptTokens: 2_000,
            countsTokens: true, contextTokens: 700)
        let entries = (0..<20).map { "a memory of some evening, the one with \($0)" }
        _ = try await world.run(state: Self.state(entries, short: 20))
        let chosen = try #require(performer.seen.withLock { $0.specs.last })
        #expect(chosen.kind == .choice)
        #expect(Self.tokens(in: chosen.messages) + Int(chosen.sampling.maxTokens) <= 700)
    }

    @Test func reflectionsStayWithinTheirBudgetByTheSameCount() async throws {
        let memory = MemorySettings(kind: .shortLongReflection, short: 1, reflectionThreshold: 100_000)
        var state = AgentState()
        for place in 0..<12 {
            let text = "a memory of some evening, the one with \(place)"
            state.memory.remember(text, time: Int64(place), settings: memory)
        }
        let performer = Self.performer()
        let world = try World(
            ClosureScenario { _ in }, performer: performer, memory: memory, reflectionTokens: 90, countsTokens: true)
        _ = try await world.run(.consolidate, state: state)
        let specs = performer.seen.withLock { $0.specs }
        let reflections = specs.filter { $0.kind == .questions || $0.kind == .insights }
        #expect(!reflections.isEmpty)
        for spec in reflections { #expect(Self.tokens(in: spec.messages) <= 90) }
        #expect(specs.contains { $0.kind == .count })
    }
}
