import Model
import Vectors

/// What an agent remembers: a small value, whose texts and vectors are shared with all copies.
///
/// New entries stand in short-term memory. What they push out is *pending*: kept, but neither rated nor embedded, until
/// a consolidation makes it part of long-term memory.
///
/// Of long-term memory the oldest entries may be *archived*: kept by the recorder alone until a turn needs them. Only
/// retrieval and consolidation's plan look at them; everything else goes on as if they were here.
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

        /// Bytes that it takes in memory, about: itself, and its text and vector with the heap's share.
        var bytes: Int { 104 + text.utf8.count + 2 * (vector?.dimension ?? 0) }
    }

    /// The newest entries, the oldest first.
    public private(set) var short: [Entry] = []
    /// What fell out of short-term memory and is not rated yet, the oldest first.
    public private(set) var pending: [Entry] = []
    /// Rated entries and insights, in the order in which they came; those behind the archived ones.
    public private(set) var long: [LongEntry] = []
    /// Bytes that `long` takes, about.
    public private(set) var longBytes: Int {
        get { Int(longByteCount) }
        set { longByteCount = UInt32(clamping: newValue) }
    }
    /// Number of the oldest entries of long-term memory that are archived.
    public private(set) var archived: Int {
        get { Int(archivedCount) }
        set { archivedCount = UInt32(clamping: newValue) }
    }
    // In half a word each: every agent has them.
    private var longByteCount: UInt32 = 0
    private var archivedCount: UInt32 = 0
    /// Time of the entry that long-term memory got last, forgotten or not; 0 before the first.
    public private(set) var lastLongTime: Int64 = 0
    /// Sum of the ratings since the last reflection, in hundredths of an unweighted importance: a rating of 7, which
    /// is an importance of 0.7, counts 70.
    public private(set) var accumulator: Int64 = 0

    /// A memory without entries.
    public init() {}

    /// Remembers `text` as of `time`, in simulated seconds. What falls out of short-term memory becomes pending.
    public mutating func remember(_ text: String, time: Int64, settings: MemorySettings) {
        short.append(Entry(text: text, time: time))
        let surplus = min(settings.kind.policy.overflow(of: short, settings: settings), short.count)
        guard surplus > 0 else { return }
        if settings.kind.keepsLongTerm { pending += short.prefix(surplus) }
        short.removeFirst(surplus)
    }

    /// Whether there is anything for a consolidation to do.
    public func hasPending(_ settings: MemorySettings) -> Bool {
        settings.kind.keepsLongTerm && settings.maxEntriesPerConsolidation > 0 && !pending.isEmpty
    }

    /// Whether retrieval can make use of a query's vector.
    public func needsQuery(_ settings: MemorySettings) -> Bool { longCount > 0 && settings.kind.policy.searches }

    /// Number of entries of long-term memory, archived ones included.
    public var longCount: Int { archived + long.count }

    /// Moves the rated pending entries into long-term memory, adds the insights behind them, and takes over the
    /// accumulator. Ratings beyond the pending entries are ignored. An insight carries the time of the newest entry
    /// that was rated with it. Gives how many entries were forgotten for it.
    @discardableResult public mutating func consolidate(
        _ result: Consolidation, settings: MemorySettings, vector: (String) -> FixedVector?
    ) -> Int {
        var forgotten = 0
        func entry(_ text: String, _ time: Int64, _ importance: UInt8) -> LongEntry {
            LongEntry(text: text, time: time, importance: min(importance, 10), vector: vector(text))
        }
        let rated = pending.prefix(result.importances.count)
        for (pending, importance) in zip(rated, result.importances) {
            forgotten += add(entry(pending.text, pending.time, importance), settings: settings)
        }
        let time = rated.last?.time ?? lastLongTime
        for insight in result.insights {
            forgotten += add(entry(insight.text, time, insight.importance), settings: settings)
        }
        pending.removeFirst(rated.count)
        accumulator = result.accumulator
        return forgotten
    }

    /// Adds an entry to long-term memory, and gives how many were forgotten for it.
    mutating func add(_ entry: LongEntry, settings: MemorySettings) -> Int {
        append(entry)
        return forgetSurplus(settings)
    }

    mutating func append(_ entry: LongEntry) {
        long.append(entry)
        longBytes += entry.bytes
        lastLongTime = entry.time
    }

    /// Has these entries as what is here of long-term memory.
    mutating func replaceLong(_ entries: [LongEntry]) {
        long = entries
        longBytes = entries.reduce(0) { $0 + $1.bytes }
    }

    /// The entry that came last is of this time, whether it is here or not.
    mutating func noteLast(_ time: Int64) { lastLongTime = time }

    /// No entry is archived any more: what was is here, or about to be.
    mutating func endArchive() { archived = 0 }

    /// Leaves the first `count` entries of long-term memory to the recorder, which must have them by now; those that
    /// are archived already count along.
    public mutating func archive(_ count: Int) {
        precondition((archived...longCount).contains(count), "only entries that are here can be archived")
        guard count > archived else { return }
        let leaving = long.prefix(count - archived)
        longBytes -= leaving.reduce(0) { $0 + $1.bytes }
        // A new array: the old one would keep the room.
        long = Array(long.dropFirst(leaving.count))
        archived = count
    }

    /// Restores a memory whose long-term entries are all archived: their number and the time of the last that came.
    public init(short: [Entry], pending: [Entry], accumulator: Int64, archived: Int, lastLongTime: Int64) {
        precondition(archived >= 0, "a number of entries is not negative")
        self.short = short
        self.pending = pending
        self.accumulator = accumulator
        self.archived = archived
        self.lastLongTime = lastLongTime
    }

    /// Restores a memory from its parts.
    public init(short: [Entry], pending: [Entry], long: [LongEntry], accumulator: Int64) {
        self.short = short
        self.pending = pending
        self.long = long
        longBytes = long.reduce(0) { $0 + $1.bytes }
        lastLongTime = long.last?.time ?? 0
        self.accumulator = accumulator
    }
}
