import Model
import Vectors

/// What an agent remembers: a value of four words, whose texts and vectors are shared with all copies.
///
/// New entries stand in short-term memory. What they push out is *pending*: kept, but neither rated nor embedded, until
/// a consolidation makes it part of long-term memory.
public struct MemoryState: Sendable, Equatable {
    /// Something remembered as it happened.
    public struct Entry: Sendable, Equatable {
        /// What happened.
        public let text: String
        /// When, in simulated seconds since the start of the run.
        public let time: Int64

        /// An entry.
        public init(text: String, time: Int64) {
            self.text = text
            self.time = time
        }
    }

    /// An entry of long-term memory.
    public struct LongEntry: Sendable, Equatable {
        /// What happened, or what was understood.
        public let text: String
        /// When, in simulated seconds since the start of the run.
        public let time: Int64
        /// Its rating, 1 to 10; 0 while it has none.
        public let importance: UInt8
        /// Its vector; nil where it has none, and then no search finds it.
        public let vector: FixedVector?

        /// An entry; see the properties.
        public init(text: String, time: Int64, importance: UInt8, vector: FixedVector?) {
            self.text = text
            self.time = time
            self.importance = importance
            self.vector = vector
        }
    }

    /// The newest entries, the oldest first.
    public private(set) var short: [Entry] = []
    /// What fell out of short-term memory and is not rated yet, the oldest first.
    public private(set) var pending: [Entry] = []
    /// Rated entries and insights, in the order in which they came.
    public private(set) var long: [LongEntry] = []
    /// Sum of the ratings since the last reflection, in hundredths of an unweighted importance: a rating of 7, which
    /// is an importance of 0.7, counts 70.
    public private(set) var accumulator: Int64 = 0

    /// A memory without entries.
    public init() {}

    /// Remembers `text` as of `time`, in simulated seconds. What falls out of short-term memory becomes pending.
    public mutating func remember(_ text: String, time: Int64, settings: MemorySettings) {
        guard settings.kind != .none else { return }
        short.append(Entry(text: text, time: time))
        let surplus = max(0, short.count - settings.short)
        guard surplus > 0 else { return }
        if settings.kind.keepsLongTerm { pending += short.prefix(surplus) }
        short.removeFirst(surplus)
    }

    /// Whether there is anything for a consolidation to do.
    public func hasPending(_ settings: MemorySettings) -> Bool {
        settings.kind.keepsLongTerm && settings.maxEntriesPerConsolidation > 0 && !pending.isEmpty
    }

    /// Whether retrieval can make use of a query's vector.
    public var needsQuery: Bool { !long.isEmpty }

    /// Moves the rated pending entries into long-term memory, adds the insights behind them, and takes over the
    /// accumulator. Ratings beyond the pending entries are ignored. An insight carries the time of the newest entry
    /// that was rated with it.
    public mutating func consolidate(
        _ result: Consolidation, settings: MemorySettings, vector: (String) -> FixedVector?
    ) {
        let rated = pending.prefix(result.importances.count)
        for (entry, importance) in zip(rated, result.importances) {
            append(entry.text, time: entry.time, importance: importance, vector: vector(entry.text))
        }
        let time = rated.last?.time ?? long.last?.time ?? 0
        for insight in result.insights {
            append(insight.text, time: time, importance: insight.importance, vector: vector(insight.text))
        }
        pending.removeFirst(rated.count)
        accumulator = result.accumulator
    }

    mutating func append(_ text: String, time: Int64, importance: UInt8, vector: FixedVector?) {
        long.append(LongEntry(text: text, time: time, importance: min(importance, 10), vector: vector))
    }

    /// Restores a memory from its parts.
    public init(short: [Entry], pending: [Entry], long: [LongEntry], accumulator: Int64) {
        self.short = short
        self.pending = pending
        self.long = long
        self.accumulator = accumulator
    }
}
