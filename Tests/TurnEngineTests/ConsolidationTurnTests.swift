import Model
import SimulationKit
import Testing
import TurnEngine

@Suite struct ConsolidationTurnTests {
    private func state(memories: Int) -> AgentState {
        var state = AgentState()
        for index in 0..<memories {
            state.memory.remember("memory \(index)", time: Int64(index), settings: MemorySettings())
        }
        return state
    }

    private func performer(importance: String) -> ScriptedPerformer {
        ScriptedPerformer(respond: { spec in
            switch spec.kind {
            case .importance: ScriptedPerformer.answer(importance)
            case .questions: ScriptedPerformer.answer("1. Who?\n2. What?\n3. Why?")
            case .insights: ScriptedPerformer.answer("1. One.\n2. Two.\n3. Three.\n4. Four.\n5. Five.")
            default: ScriptedPerformer.answer("?")
            }
        })
    }

    @Test func pendingMemoriesAreRatedEmbeddedAndMoved() async throws {
        let world = try World(ClosureScenario { _ in }, performer: performer(importance: "2"))
        let before = state(memories: 8)
        let result = try await world.run(.consolidate, state: before)
        #expect(result.tree.root.failure == nil)
        var table = AgentTable(assets: world.assets)
        for entry in ["memory 0", "memory 4"] { #expect(result.vectors[contentHash(entry)] != nil) }
        for index in 0..<8 {
            let memory = Operation.remember(text: "memory \(index)", time: Int64(index))
            table.merge(memory, target: World.ada, round: 1) { _ in nil }
        }
        #expect(table.state(of: World.ada).memory == before.memory)
        table.applyConsolidations(of: result.tree) { result.vectors[contentHash($0)] }
        let after = table.state(of: World.ada).memory
        #expect(after.pending.isEmpty)
        #expect(after.long.map(\.text) == (0..<5).map { "memory \($0)" })
        #expect(after.long.allSatisfy { $0.importance == 2 && $0.vector != nil })
        // Applied when it committed, and not again by the merge.
        table.applyConsolidations(of: result.tree) { result.vectors[contentHash($0)] }
        #expect(table.state(of: World.ada).memory == after)
    }

    @Test func enoughImportanceLeadsToOneReflectionOfNineteenCalls() async throws {
        // Ten ratings of 7 weigh 10 x 0.7 x 0.15 = 1.05, past the threshold of 1.0 once.
        let world = try World(ClosureScenario { _ in }, performer: performer(importance: "7"))
        let result = try await world.run(.consolidate, state: state(memories: 13))
        let kinds = world.performer.seen.withLock { $0.specs.map(\.kind) }
        #expect(kinds.filter { $0 == .questions }.count == 1)
        #expect(kinds.filter { $0 == .insights }.count == 3)
        #expect(kinds.filter { $0 == .importance }.count == 10 + 15)
        guard case .consolidate(let consolidation)? = result.tree.root.operations.first?.operation else {
            Issue.record("no consolidation was written")
            return
        }
        #expect(consolidation.importances == Array(repeating: 7, count: 10))
        #expect(consolidation.insights.count == 15)
        #expect(consolidation.accumulator == 0)
    }

    @Test func aFailedConsolidationLeavesItsEntriesPending() async throws {
        let world = try World(
            ClosureScenario { _ in },
            performer: ScriptedPerformer(respond: { _ in ScriptedPerformer.rejection("no number") }))
        let result = try await world.run(.consolidate, state: state(memories: 5))
        #expect(result.tree.root.failure?.reason == .rejectedAnswers)
        #expect(result.tree.root.operations.isEmpty)
    }
}
