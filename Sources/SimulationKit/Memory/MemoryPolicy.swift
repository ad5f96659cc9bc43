import Vectors

/// How agents remember: what stays in short-term memory, what is kept of the rest, what comes to mind, and what is
/// forgotten. The configuration chooses one by its name; a scenario may bring its own (`Scenario.memories`).
///
/// Everything here is a pure function of its arguments: it runs on every host, again after a fault and again in a
/// replay, and must come to the same. Chance, clocks and anything kept from one call to the next have no place in it.
///
/// Answers name entries by their place, so that the kit can bound what any policy says: a place that does not exist or
/// comes twice is passed over, and what is more than the configuration allows is cut off.
public protocol MemoryPolicy: Sendable {
    /// The name under which a configuration asks for it.
    static var name: String { get }
    /// A policy. It has nothing of its own to be set: what can be set comes with each question.
    init()

    /// How many of the oldest entries fall out of short-term memory, which has just got a new one.
    func overflow(of short: [MemoryState.Entry], settings: MemorySettings) -> Int
    /// Whether what falls out of short-term memory is kept, rated and embedded.
    var keepsLongTerm: Bool { get }
    /// Whether agents draw insights from what they keep.
    var reflects: Bool { get }
    /// Whether recalling needs the vector of what is on the agent's mind; where it does not, none is asked for.
    var searches: Bool { get }
    /// Places of the entries that come to mind from long-term memory, what counts most first; pending entries have the
    /// places behind the rated ones. No more than `settings.long` are taken.
    func recall(
        from memory: MemoryState, query: FixedVector?, now: Int64, settings: MemorySettings
    ) -> [Int]
    /// Places of the entries that are forgotten, once there are more than `settings.longLimit`. Where more are left
    /// than that, the oldest of these go as well.
    func forgotten(of long: [MemoryState.LongEntry], settings: MemorySettings) -> [Int]
}

extension MemoryPolicy {
    /// What is more than the configuration's number of entries.
    public func overflow(of short: [MemoryState.Entry], settings: MemorySettings) -> Int {
        max(0, short.count - settings.short)
    }
    /// Nothing is kept.
    public var keepsLongTerm: Bool { false }
    /// No insights.
    public var reflects: Bool { false }
    /// Whatever keeps something searches it.
    public var searches: Bool { keepsLongTerm }
    /// The highest scores: recency, relevance and importance together.
    public func recall(
        from memory: MemoryState, query: FixedVector?, now: Int64, settings: MemorySettings
    ) -> [Int] {
        memory.ranked(query: query, now: now, settings: settings)
    }
    /// What the configuration's rule says.
    public func forgotten(of long: [MemoryState.LongEntry], settings: MemorySettings) -> [Int] {
        settings.forget.chosen(from: long, count: long.count - settings.longKept)
    }
}

/// Remembers nothing.
public struct NoMemory: MemoryPolicy {
    public static let name = "none"
    public init() {}
    /// All of it, at once.
    public func overflow(of short: [MemoryState.Entry], settings: MemorySettings) -> Int { short.count }
}

/// Remembers the newest entries; what they push out is gone.
public struct ShortMemory: MemoryPolicy {
    public static let name = "short"
    public init() {}
}

/// Remembers the newest entries, and older ones as they come to mind.
public struct ShortLongMemory: MemoryPolicy {
    public static let name = "short-long"
    public init() {}
    public var keepsLongTerm: Bool { true }
}

/// The same, with insights drawn from older entries.
public struct ReflectingMemory: MemoryPolicy {
    public static let name = "short-long-reflection"
    public init() {}
    public var keepsLongTerm: Bool { true }
    public var reflects: Bool { true }
}
