import Model
import SimulationKit
import Testing
import Vectors

@Suite struct ConsolidationPlanTests {
    static let vector = FixedVector(components: [16_384, 0])

    static func memory(pending: Int, accumulator: Int64 = 0) -> MemoryState {
        var memory = MemoryState(short: [], pending: [], long: [], accumulator: accumulator)
        let settings = MemorySettings()
        for index in 1...pending + settings.short {
            memory.remember("m\(index)", time: Int64(index), settings: settings)
        }
        return memory
    }

    static func rated(_ memory: MemoryState, _ ratings: [UInt8], _ settings: MemorySettings) -> ConsolidationPlan {
        var plan = ConsolidationPlan(memory, settings: settings)
        let taken = Array(ratings.prefix(plan.entries.count))
        plan.rate(taken, vectors: taken.map { _ in vector })
        return plan
    }

    /// A macro cannot call what changes its operand.
    private func advance(_ plan: inout ConsolidationPlan) -> ConsolidationPlan.Reflection? { plan.nextReflection() }

    @Test func anAverageAgentReflectsAfterTwelveOrThirteenEntries() throws {
        // 0.55 * 0.15 * 12.1 = 1.0: twelve ratings of 5 and 6 fall just short, the thirteenth passes.
        let ratings = (0..<13).map { UInt8($0.isMultiple(of: 2) ? 5 : 6) }
        var plan = Self.rated(Self.memory(pending: 13), ratings, MemorySettings())
        let reflection = try #require(advance(&plan))
        #expect(reflection.latest == (4...13).map { "m\($0)" })
        #expect(advance(&plan) == nil)
        #expect(plan.result.accumulator == 0)
        var short = Self.rated(Self.memory(pending: 12), ratings, MemorySettings())
        #expect(advance(&short) == nil)
        #expect(short.result.accumulator == 660)
    }

    @Test func reflectionComesAsOftenAsTheThresholdIsPassed() {
        // Seven tens are 1.05 weighted: after entries 7, 14 and 21, with three of the next sum left.
        var plan = Self.rated(Self.memory(pending: 24), Array(repeating: 10, count: 24), MemorySettings())
        var ends: [String?] = []
        while let reflection = plan.nextReflection() { ends.append(reflection.latest.last) }
        #expect(ends == ["m7", "m14", "m21"])
        #expect(plan.result.accumulator == 300)
        #expect(plan.result.importances.count == 24)
    }

    @Test func theSumGoesOnFromTheLastConsolidation() {
        var plan = Self.rated(Self.memory(pending: 1, accumulator: 600), [7], MemorySettings())
        #expect(advance(&plan) != nil)
        #expect(advance(&plan) == nil)
    }

    @Test func insightsAreFoundByLaterReflectionsAndDoNotCount() throws {
        var plan = Self.rated(Self.memory(pending: 14), Array(repeating: 10, count: 14), MemorySettings())
        _ = try #require(advance(&plan))
        plan.add(["i1", "i2"], ratings: [10, 10], vectors: [Self.vector, Self.vector])
        #expect(plan.recall(Self.vector, now: 0).first == "i2")
        let second = try #require(advance(&plan))
        #expect(second.latest == ["m6", "m7", "i1", "i2", "m8", "m9", "m10", "m11", "m12", "m13", "m14"].suffix(10))
        #expect(advance(&plan) == nil)
        #expect(plan.result.insights.map(\.text) == ["i1", "i2"])
        #expect(plan.result.accumulator == 0)
    }

    @Test func entriesAndReflectionsOfOneConsolidationAreCapped() {
        var settings = MemorySettings()
        settings.maxEntriesPerConsolidation = 20
        settings.maxReflectionsPerConsolidation = 1
        var memory = Self.memory(pending: 24)
        var plan = Self.rated(memory, Array(repeating: 10, count: 24), settings)
        var reflections = 0
        while plan.nextReflection() != nil { reflections += 1 }
        #expect(reflections == 1)
        #expect(plan.result.importances.count == 20)
        #expect(plan.result.accumulator == 1_300)
        memory.consolidate(plan.result, settings: settings) { _ in Self.vector }
        #expect(memory.pending.map(\.text) == ["m21", "m22", "m23", "m24"])
        // What was passed over is acted upon by the next one, at its first entry.
        var next = Self.rated(memory, [1, 1, 1, 1], settings)
        #expect(advance(&next)?.latest.last == "m21")
    }

    @Test func aMemoryWithoutReflectionOnlyRates() {
        let settings = MemorySettings(kind: .shortLong)
        var plan = Self.rated(Self.memory(pending: 30), Array(repeating: 10, count: 30), settings)
        #expect(advance(&plan) == nil)
        #expect(
            plan.result == Consolidation(importances: Array(repeating: 10, count: 30), insights: [], accumulator: 0))
    }
}
