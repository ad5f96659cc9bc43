import Hashing
import Model
import SimulationKit
import Support
import Testing
import TurnEngine
import Vectors

/// A policy of a scenario's own: what speaks of danger comes to mind, whatever it is about and however old; nothing is
/// searched by vectors, and short-term memory holds texts of ten letters in all.
struct AnxiousMemory: MemoryPolicy {
    static let name = "anxious"
    var keepsLongTerm: Bool { true }
    var searches: Bool { false }
    func overflow(of short: [MemoryState.Entry], settings: MemorySettings) -> Int {
        var letters = short.reduce(0) { $0 + $1.text.count }
        var count = 0
        while letters > 10 {
            letters -= short[count].text.count
            count += 1
        }
        return count
    }
    func recall(from memory: MemoryState, query: FixedVector?, now: Int64, settings: MemorySettings) -> [Int] {
        (0..<memory.recallable).filter { memory.entry(at: $0).text.contains("!") }
    }
}

@Suite struct MemoryPolicyTests {
    /// Plays rounds of one agent as a host does: what fell out of short-term memory is consolidated first.
    private func play(_ texts: [[String]], memory: MemorySettings) async throws -> (World, AgentTable) {
        let world = try World(
            ClosureScenario { turn in
                for text in texts[Int(turn.round) - 1] { try turn.rememberText(text) }
                _ = try await turn.write("question", ["text": .text("What now?")])
            },
            performer: ScriptedPerformer(respond: { spec in
                ScriptedPerformer.answer(spec.kind == .importance ? "3" : "yes")
            }), memory: memory)
        var table = AgentTable(assets: world.assets)
        for round in UInt32(1)...UInt32(texts.count) {
            if table.state(of: World.ada).memory.hasPending(memory) {
                let result = try await world.runner.runRoot(
                    .consolidate, agent: World.ada, state: table.state(of: World.ada),
                    tree: world.context(round: round))
                #expect(result.tree.root.failure == nil)
                table.applyConsolidations(of: result.tree) { result.vectors[contentHash($0)] }
            }
            let result = try await world.runner.runRoot(
                .act, agent: World.ada, state: table.state(of: World.ada), tree: world.context(round: round))
            #expect(result.tree.root.failure == nil)
            table.beginMerge(round)
            for (_, targeted) in result.tree.orderedOperations {
                table.merge(targeted.operation, target: targeted.target, round: round) { _ in nil }
            }
            table.endMerge()
        }
        return (world, table)
    }

    @Test func aScenarioPlaysWithAMemoryOfItsOwn() async throws {
        let memory = MemorySettings(kind: MemoryKind(AnxiousMemory.self), long: 2)
        let texts = [["fire!"], ["tea", "a wolf!"], ["rain", "bread"], ["all quiet"]]
        let (world, table) = try await play(texts, memory: memory)
        let prompts = world.performer.seen.withLock { seen in
            seen.specs.filter { $0.kind == .text }.compactMap { $0.messages.last?.text }
        }
        #expect(
            prompts.map { $0.replacing("\n", with: " ") } == [
                "Score 3. Long: Short: - fire! What now?",
                "Score 3. Long: - fire! Short: - tea - a wolf! What now?",
                "Score 3. Long: - fire! - a wolf! Short: - rain - bread What now?",
                "Score 3. Long: - fire! - a wolf! Short: - all quiet What now?",
            ])
        #expect(table.state(of: World.ada).memory.short.map(\.text) == ["all quiet"])
        #expect(table.state(of: World.ada).memory.long.map(\.text) == ["fire!", "tea", "a wolf!"])
        // Vectors are asked for by consolidations alone: this memory does not search.
        let embedded = world.performer.seen.withLock { $0.embedded.flatMap { $0 } }
        #expect(embedded == ["fire!", "tea", "a wolf!"])
    }

    @Test(arguments: UInt64(0)..<60) func noPromptPassesItsBudgetAndNoMemoryStandsInItTwice(seed: UInt64) async throws {
        var draw = SeededGenerator(seed: seed)
        let kind = (MemoryKind.builtIn + [MemoryKind(AnxiousMemory.self)])[draw.below(5)]
        let memory = MemorySettings(
            kind: kind, short: draw.below(12), long: draw.below(12), longLimit: 1 + draw.below(40),
            forget: draw.below(2) == 0 ? .oldest : .leastImportant)
        var state = AgentState()
        let count = draw.below(60)
        for index in 0..<count {
            let filling = String(repeating: draw.below(2) == 0 ? "oh " : "世", count: draw.below(80))
            state.memory.remember("<\(index)> \(filling)!", time: Int64(index), settings: memory)
            guard draw.below(3) == 0 else { continue }
            let ratings = (0..<draw.below(6)).map { _ in UInt8(1 + draw.below(10)) }
            state.memory.consolidate(
                .init(importances: ratings, insights: [], accumulator: 0), settings: memory
            ) { _ in FixedVector(components: (0..<8).map { _ in Int16(draw.below(9_000)) }) }
        }
        let (tokens, reflection) = (120 + draw.below(1_500), 60 + draw.below(600))
        let performer = ScriptedPerformer(respond: { spec in
            switch spec.kind {
            case .importance: ScriptedPerformer.answer("10")
            case .questions: ScriptedPerformer.answer("Who?\nWhat?")
            case .insights: ScriptedPerformer.answer("They are kind.")
            default: ScriptedPerformer.answer("yes")
            }
        })
        let world = try World(
            ClosureScenario { turn in _ = try await turn.write("question", ["text": .text("What now?")]) },
            performer: performer, memory: memory, promptTokens: tokens, reflectionTokens: reflection,
            limits: .init(calls: 2_000, depth: 3))
        let results = [try await world.run(state: state), try await world.run(.consolidate, state: state)]
        #expect(results[0].tree.root.failure == nil, "seed \(seed)")
        for spec in world.performer.seen.withLock({ $0.specs }) where spec.kind != .importance {
            let isReflection = spec.kind == .questions || spec.kind == .insights
            #expect(
                TokenEstimator.tokens(in: spec.messages) <= (isReflection ? reflection : tokens),
                "seed \(seed), \(spec.kind)")
            let text = spec.messages.map(\.text).joined()
            for index in 0..<count {
                #expect(text.components(of: "<\(index)>") <= 1, "seed \(seed), \(spec.kind), memory \(index)")
            }
        }
    }

    /// What a round takes of an agent's memory: entries that turns look through, and entries that snapshots write.
    private func rounds(_ count: Int, limit: Int) throws -> [(held: Int, written: Int, bytes: Int)] {
        let memory = MemorySettings(kind: .shortLong, short: 2, longLimit: limit, forget: .leastImportant)
        var table = AgentTable(assets: try World(ClosureScenario { _ in }, memory: memory).assets)
        return try (1...count).map { round in
            let number = UInt32(round)
            table.beginMerge(number)
            let result = Consolidation(
                importances: (0..<4).map { UInt8(1 + (round * 7 + $0 * 3) % 10) }, insights: [], accumulator: 0)
            table.merge(.consolidate(result), target: World.ada, round: number) { _ in
                FixedVector(components: Array(repeating: 1, count: 64))
            }
            for index in 0..<4 {
                let text = "round \(round % 10), thing \(index)"
                table.merge(.remember(text: text, time: Int64(round)), target: World.ada, round: number) { _ in nil }
            }
            table.endMerge()
            let change = try #require(table.takeChanges(of: [World.ada]).first)
            var chain = try #require(table.saved(for: change))
            let (entries, _) = try #require(change.additions(to: chain))
            chain.append(contentsOf: entries)
            table.note(saved: chain, for: change)
            return (change.state.memory.longCount, entries.count, table.memoryBytes)
        }
    }

    @Test func roundThreeHundredCostsWhatRoundThirtyDoes() throws {
        // Of 41 entries 11 go: after 11 rounds with 4 new ones each all is as it was.
        let all = try rounds(310, limit: 40)
        let (early, late) = (all[29..<40], all[293..<304])
        #expect(early.map(\.held) == late.map(\.held))
        #expect(early.map(\.written) == late.map(\.written))
        #expect(all.allSatisfy { $0.held <= 40 })
        #expect((all[29...].map(\.bytes).max() ?? 0) <= (all[0..<40].map(\.bytes).max() ?? 0) * 11 / 10)
        // Snapshots write at most four entries for each new one.
        #expect(all.reduce(0) { $0 + $1.written } <= 4 * 4 * all.count)
        let unbounded = try rounds(310, limit: 0)
        #expect(unbounded[303].held > 9 * unbounded[29].held)
    }
}

extension String {
    /// How often `part` stands in the text.
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
