import Foundation
import Hashing
import Model
import SimulationKit
import Testing
import Vectors

/// Retrieval against its definition, worked out in floating point, on memories drawn from a seed.
@Suite struct MemoryRetrievalTests {
    private struct Scene {
        var memory: MemoryState
        var settings: MemorySettings
        var query: FixedVector?
        var now: Int64
        /// Long-term memory with the pending entries behind it.
        var entries: [MemoryState.LongEntry]

        init(_ seed: UInt64) {
            var draw = SeededGenerator(seed: seed)
            func vector() -> FixedVector {
                let parts = (0..<12).map { _ in Double(draw.below(2_001) - 1_000) }
                let length = max(1, parts.reduce(0) { $0 + $1 * $1 }.squareRoot())
                return FixedVector(components: parts.map { Int16(($0 / length * 16_384).rounded()) })
            }
            let shortCount = draw.below(4)
            settings = MemorySettings(
                kind: .shortLong, short: shortCount, long: draw.below(7),
                importanceWeight: Int64(draw.below(400_000)))
            let last = draw.below(2_000_000)
            let time = Int64(last)
            now = time
            let long = (0..<draw.below(60)).map { index in
                MemoryState.LongEntry(
                    text: "<long \(index)>", time: Int64(draw.below(last + 1)), importance: UInt8(draw.below(11)),
                    vector: draw.below(8) == 0 ? nil : vector())
            }
            let pending = (0..<draw.below(4)).map { MemoryState.Entry(text: "<pending \($0)>", time: time) }
            let short = (0..<shortCount).map { MemoryState.Entry(text: "<short \($0)>", time: time) }
            memory = MemoryState(short: short, pending: pending, long: long, accumulator: 0)
            entries =
                long + pending.map { .init(text: $0.text, time: $0.time, importance: 0, vector: nil) }
            query = draw.below(5) == 0 ? nil : vector()
        }

        func distance(_ entry: MemoryState.LongEntry) -> Double? {
            guard let query, let vector = entry.vector else { return nil }
            return zip(query.components, vector.components).reduce(0.0) { sum, pair in
                let difference = (Double(pair.0) - Double(pair.1)) / 16_384
                return sum + difference * difference
            }.squareRoot()
        }

        /// Scores of the candidates by their texts.
        var reference: [String: Double] {
            // Vectors are not quite of length 1: the search goes by the inner product.
            let products = entries.indices.compactMap { index -> (index: Int, product: Double)? in
                guard let query, let vector = entries[index].vector else { return nil }
                return (
                    index, zip(query.components, vector.components).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                )
            }
            let near = Set(
                products.sorted { $0.product != $1.product ? $0.product > $1.product : $0.index > $1.index }
                    .prefix(settings.long).map(\.index))
            let latest = Set(entries.indices.suffix(settings.long))
            var scores: [String: Double] = [:]
            for index in near.union(latest) {
                let entry = entries[index]
                let hours = Double(max(0, now - entry.time)) / 3_600
                let relevance = near.contains(index) ? 1 - (distance(entry) ?? 0) / 2.0.squareRoot() : 0
                let importance = Double(entry.importance) / 10 * Double(settings.importanceWeight) / 1e6
                scores[entry.text] = pow(0.99, hours) + relevance + importance
            }
            return scores
        }
    }

    /// Eight units in the last place (2^-28). Recency is rounded, importance and the root of a distance are cut off:
    /// two and a half units. Half the square of a distance d is cut off to whole units, which moves its root by 0.35/d:
    /// three and a half, since no two vectors of a scene are nearer than 0.1.
    private static let tolerance = 8 / 268_435_456.0

    @Test(arguments: UInt64(0)..<300) func whatComesToMindHasTheHighestScoresOfAReferenceInDoubles(seed: UInt64) {
        let scene = Scene(seed)
        let found = scene.memory.retrieve(query: scene.query, now: scene.now, settings: scene.settings).long
        let reference = scene.reference
        #expect(found.count == min(scene.settings.long, reference.count), "seed \(seed)")
        let expected = reference.values.sorted(by: >)
        for (place, text) in found.enumerated() {
            guard let score = reference[text] else {
                Issue.record("seed \(seed): \(text) is no candidate")
                continue
            }
            // Place by place the same score: what comes in another order differs by less than fixed point can tell.
            #expect(abs(score - expected[place]) <= Self.tolerance, "seed \(seed), place \(place)")
        }
    }

    @Test(arguments: UInt64(0)..<300) func noMemoryComesToMindTwice(seed: UInt64) {
        let scene = Scene(seed)
        let view = scene.memory.retrieve(query: scene.query, now: scene.now, settings: scene.settings)
        let all = view.short + view.long
        #expect(Set(all).count == all.count, "seed \(seed)")
        #expect(view.long.count <= scene.settings.long && view.short.count <= scene.settings.short, "seed \(seed)")
    }

    @Test func theScenesAreWorthLookingAt() {
        let scenes = (UInt64(0)..<300).map { Scene($0) }
        // Candidates that only the search found, and more of them than come to mind.
        #expect(scenes.filter { $0.reference.count > $0.settings.long && $0.settings.long > 0 }.count > 100)
        #expect(scenes.contains { $0.query == nil } && scenes.contains { $0.entries.isEmpty })
        #expect(scenes.allSatisfy { scene in scene.entries.allSatisfy { (scene.distance($0) ?? 1) > 0.1 } })
    }
}
