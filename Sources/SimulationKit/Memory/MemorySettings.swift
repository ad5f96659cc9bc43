/// How memory is kept, from the configuration. Fractions in millionths: what ranks is computed in integers.
public struct MemorySettings: Sendable, Equatable {
    /// How much agents remember.
    public var kind: MemoryKind
    /// Entries of short-term memory (K_s).
    public var short: Int
    /// Entries that come to mind from long-term memory (K_l).
    public var long: Int
    /// Weighted importance that new entries add up to before an agent reflects, in millionths.
    public var reflectionThreshold: Int64
    /// What a rating of 10 adds to an entry's score, in millionths.
    public var importanceWeight: Int64
    /// Most pending entries that one consolidation rates; the rest wait for the next.
    public var maxEntriesPerConsolidation: Int
    /// Most reflections of one consolidation; a threshold passed beyond them is acted upon by the next.
    public var maxReflectionsPerConsolidation: Int
    /// Most entries of long-term memory; 0 for no limit.
    public var longLimit: Int
    /// What goes first when there are more.
    public var forget: ForgettingRule

    /// Entries of long-term memory that are left when some were forgotten.
    public var longKept: Int { longLimit - longLimit / 4 }

    /// One, in millionths.
    public static let million: Int64 = 1_000_000

    /// Settings; the defaults are those of the published model.
    public init(
        kind: MemoryKind = .shortLongReflection, short: Int = 3, long: Int = 3,
        reflectionThreshold: Int64 = 1_000_000, importanceWeight: Int64 = 150_000,
        maxEntriesPerConsolidation: Int = 64, maxReflectionsPerConsolidation: Int = 8,
        longLimit: Int = 1_000, forget: ForgettingRule = .oldest
    ) {
        self.kind = kind
        self.short = short
        self.long = long
        self.reflectionThreshold = reflectionThreshold
        self.importanceWeight = importanceWeight
        self.maxEntriesPerConsolidation = maxEntriesPerConsolidation
        self.maxReflectionsPerConsolidation = maxReflectionsPerConsolidation
        self.longLimit = longLimit
        self.forget = forget
    }
}
