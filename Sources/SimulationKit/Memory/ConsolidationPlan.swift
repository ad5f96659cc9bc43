import Model
import Vectors

/// What one consolidation has to ask, and what comes out of it: the pure part of rating, embedding and reflecting.
///
/// The caller performs the calls, in this order: rate and embed `entries`, give them to `rate`; then, as long as
/// `nextReflection` returns one, ask for its questions, embed them, ask for insights into each from what `recall`
/// returns for it, rate and embed the insights and give them to `add`. `result` is the operation to write.
public struct ConsolidationPlan: Sendable {
    /// A point at which the agent stops to think.
    public struct Reflection: Sendable, Equatable {
        /// The latest entries of long-term memory at that point, the oldest first: questions are drawn from them.
        public var latest: [String]
    }

    /// Entries from which questions are drawn.
    public static let latestEntries = 10
    /// Questions of a reflection.
    public static let questions = 3
    /// Insights into each question, at most.
    public static let insightsPerQuestion = 5

    /// Texts to rate, 1 to 10 each, and to embed, the oldest first.
    public let entries: [String]

    private let settings: MemorySettings
    private let pending: [MemoryState.Entry]
    /// Long-term memory as it was, then as reflection finds it: entries up to the point reached, insights so far.
    private var memory: MemoryState
    private var ratings: [UInt8] = []
    private var vectors: [FixedVector] = []
    private var reached = 0
    private var accumulator: Int64
    private var reflections = 0
    private var insights: [Consolidation.Insight] = []

    /// The consolidation of an agent's oldest pending entries, as many as the settings allow at once.
    public init(_ state: MemoryState, settings: MemorySettings) {
        precondition(state.archived == 0, "archived entries are restored before a consolidation")
        self.settings = settings
        pending = settings.kind.keepsLongTerm ? Array(state.pending.prefix(settings.maxEntriesPerConsolidation)) : []
        entries = pending.map(\.text)
        memory = MemoryState(short: [], pending: [], long: state.long, accumulator: 0)
        // Far above any threshold, and far below an overflow of its product with the weight.
        accumulator = min(max(0, state.accumulator), 1 << 32)
    }

    /// Takes the ratings, from 1 to 10, and vectors of `entries`, one for each.
    public mutating func rate(_ ratings: [UInt8], vectors: [FixedVector]) {
        precondition(self.ratings.isEmpty, "entries are rated once")
        precondition(ratings.count == entries.count, "every entry needs a rating")
        precondition(vectors.count == entries.count, "every entry needs a vector")
        precondition(ratings.allSatisfy { (1...10).contains($0) }, "a rating is 1 to 10")
        self.ratings = ratings
        self.vectors = vectors
    }

    /// Goes on to the next entry at which the ratings since the last reflection add up to the threshold, and resets
    /// their sum. Nil when there is none, when the memory does not reflect, or when this consolidation has reflected
    /// as often as it may; what is left of the sum is then kept.
    public mutating func nextReflection() -> Reflection? {
        precondition(ratings.count == entries.count, "entries are rated before reflection")
        while true {
            if passedThreshold, reflections < settings.maxReflectionsPerConsolidation {
                accumulator = 0
                reflections += 1
                return Reflection(latest: memory.long.suffix(Self.latestEntries).map(\.text))
            }
            guard reached < pending.count else { return nil }
            // Nothing is forgotten before the end: what came together is thought about together.
            memory.append(
                .init(
                    text: pending[reached].text, time: pending[reached].time, importance: ratings[reached],
                    vector: vectors[reached]))
            if isReflective { accumulator += Int64(ratings[reached]) * 10 }
            reached += 1
        }
    }

    private var isReflective: Bool { settings.kind.reflects }

    /// Whether the weighted sum has reached the threshold: hundredths times millionths against millionths.
    private var passedThreshold: Bool {
        isReflective && reached > 0
            && accumulator * settings.importanceWeight >= settings.reflectionThreshold * 100
    }

    /// What comes to mind about a question with the vector `query`: K_l entries, the highest score first.
    public func recall(_ query: FixedVector, now: Int64) -> [String] {
        memory.recall(query: query, now: now, settings: settings)
    }

    /// Adds insights with their ratings, from 1 to 10, and vectors. They do not count towards the threshold: counted,
    /// they would trigger reflection for ever.
    public mutating func add(_ texts: [String], ratings: [UInt8], vectors: [FixedVector]) {
        precondition(texts.count == ratings.count && texts.count == vectors.count, "every insight has its rating")
        precondition(ratings.allSatisfy { (1...10).contains($0) }, "a rating is 1 to 10")
        let time = pending.last?.time ?? 0
        for (index, text) in texts.enumerated() {
            insights.append(.init(text: text, importance: ratings[index]))
            memory.append(.init(text: text, time: time, importance: ratings[index], vector: vectors[index]))
        }
    }

    /// What the consolidation changes.
    public var result: Consolidation {
        precondition(reached == pending.count, "reflections are played to the end")
        return Consolidation(importances: ratings, insights: insights, accumulator: accumulator)
    }
}
