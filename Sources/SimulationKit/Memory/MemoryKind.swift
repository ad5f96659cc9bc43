/// How much an agent remembers.
public enum MemoryKind: String, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// The newest entries; what they push out is forgotten.
    case short
    /// The newest entries, and older ones as they come to mind.
    case shortLong = "short-long"
    /// The same, with insights drawn from older entries.
    case shortLongReflection = "short-long-reflection"

    /// Whether entries that fall out of short-term memory are kept.
    var keepsLongTerm: Bool { self == .shortLong || self == .shortLongReflection }
}
