import Foundation
import Model
import SimulationKit
import Testing
import Vectors

@Suite struct MemoryStateTests {
    static let hour: Int64 = 3_600
    static let settings = MemorySettings(kind: .shortLong)

    /// A unit vector at `degrees`.
    static func vector(_ degrees: Double) -> FixedVector {
        let angle = degrees * .pi / 180
        return FixedVector(components: [Int16((cos(angle) * 16_384).rounded()), Int16((sin(angle) * 16_384).rounded())])
    }

    @Test func shortTermMemoryIsAQueueWhoseOverflowWaitsToBeRated() {
        var memory = MemoryState()
        for index in 1...5 { memory.remember("m\(index)", time: Int64(index), settings: Self.settings) }
        #expect(memory.short.map(\.text) == ["m3", "m4", "m5"])
        #expect(memory.pending.map(\.text) == ["m1", "m2"])
        #expect(memory.long.isEmpty)
        #expect(memory.hasPending(Self.settings))
    }

    @Test(arguments: [(MemoryKind.none, 0, 0), (.short, 3, 0), (.shortLong, 3, 2), (.shortLongReflection, 3, 2)])
    func eachKindKeepsWhatItPromises(kind: MemoryKind, short: Int, pending: Int) {
        let settings = MemorySettings(kind: kind)
        var memory = MemoryState()
        for index in 1...5 { memory.remember("m\(index)", time: 0, settings: settings) }
        #expect(memory.short.count == short)
        #expect(memory.pending.count == pending)
        #expect(memory.hasPending(settings) == (pending > 0))
        #expect(memory.retrieve(query: nil, now: 0, settings: settings).long.count == pending)
    }

    @Test func consolidationMovesTheRatedEntriesAndAddsInsightsBehindThem() {
        var memory = MemoryState()
        for index in 1...6 { memory.remember("m\(index)", time: Int64(index), settings: Self.settings) }
        let result = Consolidation(
            importances: [4, 9], insights: [.init(text: "insight", importance: 8)], accumulator: 130)
        memory.consolidate(result, settings: Self.settings) { $0 == "m2" ? Self.vector(0) : nil }
        #expect(memory.long.map(\.text) == ["m1", "m2", "insight"])
        #expect(memory.long.map(\.importance) == [4, 9, 8])
        #expect(memory.long.map(\.time) == [1, 2, 2])
        #expect(memory.long.map { $0.vector == nil } == [true, false, true])
        #expect(memory.pending.map(\.text) == ["m3"])
        #expect(memory.accumulator == 130)
    }

    @Test func ratingsBeyondThePendingEntriesAreIgnored() {
        var memory = MemoryState()
        let result = Consolidation(importances: [1, 2, 3], insights: [], accumulator: 0)
        memory.consolidate(result, settings: Self.settings) { _ in nil }
        #expect(memory.long.isEmpty)
    }

    /// The whole formula, worked out here in floating point from its definition.
    @Test func retrievalRanksByRecencyRelevanceAndImportance() {
        let entries: [(text: String, hours: Double, rating: UInt8, degrees: Double)] = [
            ("a", 200, 10, 0), ("b", 150, 1, 5), ("c", 100, 2, 85), ("d", 60, 9, 120), ("e", 50, 1, 90),
            ("f", 30, 5, 60), ("g", 24, 1, 180),
        ]
        let now: Int64 = 300 * Self.hour
        let memory = MemoryState(
            short: [], pending: [],
            long: entries.map {
                .init(
                    text: $0.text, time: now - Int64($0.hours) * Self.hour, importance: $0.rating,
                    vector: Self.vector($0.degrees))
            }, accumulator: 0)
        // The three nearest to 0 degrees are a, b, f; the last three e, f, g.
        var scores: [(String, Double)] = []
        for (index, entry) in entries.enumerated() where ["a", "b", "e", "f", "g"].contains(entry.text) {
            let distance = 2 * sin(entry.degrees * .pi / 360)
            let relevance = ["a", "b", "f"].contains(entry.text) ? 1 - distance / 2.0.squareRoot() : 0
            let score = pow(0.99, entry.hours) + relevance + Double(entry.rating) / 10 * 0.15
            scores.append((entries[index].text, score))
        }
        let expected = scores.sorted { $0.1 > $1.1 }.prefix(3).map(\.0)
        let view = memory.retrieve(query: Self.vector(0), now: now, settings: Self.settings)
        #expect(view.long == Array(expected))
        #expect(view.long == ["a", "b", "f"])
        // Without a query only the last ones are candidates: 0.74 + 0.075, 0.786 + 0.015, 0.605 + 0.015.
        #expect(memory.retrieve(query: nil, now: now, settings: Self.settings).long == ["f", "g", "e"])
    }

    @Test func whatFellOutInThisTurnIsFoundAsLatestUntilItIsRated() {
        var memory = MemoryState()
        for index in 1...8 { memory.remember("m\(index)", time: 0, settings: Self.settings) }
        let view = memory.retrieve(query: Self.vector(0), now: 0, settings: Self.settings)
        #expect(view.short == ["m6", "m7", "m8"])
        #expect(view.long == ["m5", "m4", "m3"])
        #expect(!memory.needsQuery(Self.settings))
    }

    @Test func tiesGoToTheNewestAndNoEntryComesTwice() {
        let same = Self.vector(10)
        let memory = MemoryState(
            short: [], pending: [],
            long: (1...9).map { .init(text: "m\($0)", time: 0, importance: 5, vector: same) }, accumulator: 0)
        let view = memory.retrieve(query: same, now: Self.hour, settings: Self.settings)
        #expect(view.long == ["m9", "m8", "m7"])
    }

    @Test func aVectorOfAnotherDimensionIsNeverFoundBySearch() {
        let memory = MemoryState(
            short: [], pending: [],
            long: (1...4).map {
                .init(text: "m\($0)", time: 0, importance: 1, vector: $0 == 1 ? FixedVector(components: [1]) : nil)
            }, accumulator: 0)
        let view = memory.retrieve(query: Self.vector(0), now: 0, settings: Self.settings)
        #expect(view.long == ["m4", "m3", "m2"])
    }

    @Test func anEmptyMemoryTakesSixWords() {
        #expect(MemoryLayout<MemoryState>.size == 48)
    }
}
