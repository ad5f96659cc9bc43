import Hashing
import Model
import SimulationKit
import Testing
import Vectors

/// A policy that answers with places that do not exist, come twice, or are too many.
struct CarelessMemory: MemoryPolicy {
    static let name = "careless"
    var keepsLongTerm: Bool { true }
    func overflow(of short: [MemoryState.Entry], settings: MemorySettings) -> Int { short.count * 3 }
    func recall(from memory: MemoryState, query: FixedVector?, now: Int64, settings: MemorySettings) -> [Int] {
        [-1, 0, 0, .max, 1, 1, 0] + Array(0..<memory.recallable) + [memory.recallable]
    }
    func forgotten(of long: [MemoryState.LongEntry], settings: MemorySettings) -> [Int] { [-7, long.count, 2, 2] }
}

/// A policy that forgets what was remembered last.
struct StubbornMemory: MemoryPolicy {
    static let name = "stubborn"
    var keepsLongTerm: Bool { true }
    func forgotten(of long: [MemoryState.LongEntry], settings: MemorySettings) -> [Int] {
        [long.count - 1, long.count / 2]
    }
}

@Suite struct MemoryForgettingTests {
    private static func consolidated(
        _ ratings: [UInt8], _ settings: MemorySettings, into memory: inout MemoryState
    ) -> Int {
        let first = memory.longCount
        for index in ratings.indices {
            memory.remember("m\(first + index)", time: Int64(first + index), settings: settings)
        }
        let result = Consolidation(importances: ratings, insights: [], accumulator: 0)
        return memory.consolidate(result, settings: settings) { _ in nil }
    }

    private static func settings(
        _ kind: MemoryKind = .shortLong, limit: Int, _ rule: ForgettingRule = .oldest
    ) -> MemorySettings {
        MemorySettings(kind: kind, short: 0, longLimit: limit, forget: rule)
    }

    @Test func theOldestQuarterGoesOnceTheLimitIsPassed() {
        let settings = Self.settings(limit: 8)
        var memory = MemoryState()
        #expect(Self.consolidated(Array(repeating: 5, count: 8), settings, into: &memory) == 0)
        #expect(Self.consolidated([5], settings, into: &memory) == 3)
        #expect(memory.long.map(\.text) == (3...8).map { "m\($0)" })
        #expect(memory.longBytes == MemoryState(short: [], pending: [], long: memory.long, accumulator: 0).longBytes)
    }

    @Test func whatWasRatedLowestGoesFirstAndOfEqualRatingsTheOldest() {
        let settings = Self.settings(limit: 8, .leastImportant)
        var memory = MemoryState()
        #expect(Self.consolidated([9, 2, 3, 9, 1, 3, 3, 9, 4], settings, into: &memory) == 3)
        #expect(memory.long.map(\.text) == ["m0", "m3", "m5", "m6", "m7", "m8"])
        // The newest may be the one that matters least.
        var other = MemoryState()
        _ = Self.consolidated([9, 9, 9, 9, 9, 9, 9, 9, 1], settings, into: &other)
        #expect(other.long.map(\.text) == (2...7).map { "m\($0)" })
        #expect(other.lastLongTime == 8)
    }

    @Test func withoutALimitNothingIsForgotten() {
        let settings = Self.settings(limit: 0)
        var memory = MemoryState()
        for _ in 0..<300 { #expect(Self.consolidated([1, 2, 3, 4], settings, into: &memory) == 0) }
        #expect(memory.longCount == 1_200)
    }

    static let kinds = [MemoryKind.shortLong, MemoryKind(CarelessMemory.self), MemoryKind(StubbornMemory.self)]

    @Test(arguments: UInt64(0)..<60) func theLimitHoldsWhateverAPolicySays(seed: UInt64) {
        var draw = SeededGenerator(seed: seed)
        let kind = Self.kinds[draw.below(Self.kinds.count)]
        let limit = 1 + draw.below(12)
        let settings = Self.settings(kind, limit: limit, draw.below(2) == 0 ? .oldest : .leastImportant)
        var memory = MemoryState()
        var (made, lost) = (0, 0)
        for _ in 0..<40 {
            let ratings = (0..<draw.below(6)).map { _ in UInt8(1 + draw.below(10)) }
            lost += Self.consolidated(ratings, settings, into: &memory)
            made += ratings.count
            #expect(memory.longCount <= limit, "seed \(seed), \(kind)")
            #expect(memory.longCount + lost == made, "seed \(seed), \(kind)")
        }
        #expect(made > limit, "seed \(seed)")
    }

    /// Hosts leave older entries to the recorder while new ones come, and look at what is to be forgotten only when all
    /// are back; at moments that differ from run to run.
    @Test(arguments: UInt64(0)..<120) func itComesToTheSameHoweverOftenMemoryWasArchivedMeanwhile(seed: UInt64) {
        var draw = SeededGenerator(seed: seed)
        let kind = Self.kinds[draw.below(Self.kinds.count)]
        let rule = draw.below(2) == 0 ? ForgettingRule.oldest : .leastImportant
        let settings = MemorySettings(kind: kind, short: 1, longLimit: 1 + draw.below(9), forget: rule)
        var (whole, archived) = (MemoryState(), MemoryState())
        var left: [MemoryState.LongEntry] = []
        for step in 0..<30 {
            let texts = (0..<draw.below(4)).map { "text \(step) \($0)" }
            let result = Consolidation(
                importances: (0..<draw.below(5)).map { _ in UInt8(1 + draw.below(10)) },
                insights: (0..<draw.below(2)).map { .init(text: "insight \(step) \($0)", importance: 6) },
                accumulator: Int64(step))
            func go(_ memory: inout MemoryState) {
                for text in texts { memory.remember(text, time: Int64(step), settings: settings) }
                memory.consolidate(result, settings: settings) { _ in nil }
            }
            go(&whole)
            go(&archived)
            #expect(archived.lastLongTime == whole.lastLongTime, "seed \(seed), step \(step)")
            switch draw.below(4) {
            case 0:
                let count = archived.archived + draw.below(archived.long.count + 1)
                left += archived.long.prefix(count - archived.archived)
                archived.archive(count)
            case 1:
                archived.restore(left, settings: settings)
                left = []
                #expect(archived == whole, "seed \(seed), step \(step)")
            default: break
            }
        }
        archived.restore(left, settings: settings)
        #expect(archived == whole, "seed \(seed)")
    }

    @Test func whatAPolicyRecallsTwiceOrTooMuchOfComesOnceAndNoMoreThanAllowed() {
        var settings = MemorySettings(kind: MemoryKind(CarelessMemory.self), short: 2, long: 4)
        var memory = MemoryState()
        for index in 0..<6 { memory.remember("m\(index)", time: 0, settings: settings) }
        let view = memory.retrieve(query: nil, now: 0, settings: settings)
        #expect(view.short.isEmpty && view.long == ["m0", "m1", "m2", "m3"])
        settings.long = 9
        #expect(memory.retrieve(query: nil, now: 0, settings: settings).long == (0..<6).map { "m\($0)" })
    }

    @Test func kindsAreToldApartByTheirPolicies() {
        #expect(MemoryKind(ShortMemory.self) == .short)
        #expect(MemoryKind(CarelessMemory.self) != MemoryKind(StubbornMemory.self))
        #expect(MemoryKind.builtIn.map(\.name) == ["none", "short", "short-long", "short-long-reflection"])
        #expect(MemoryKind.builtIn.map(\.keepsLongTerm) == [false, false, true, true])
        #expect(MemoryKind.builtIn.map(\.reflects) == [false, false, false, true])
    }
}
