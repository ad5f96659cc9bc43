/// What comes to an agent's mind at one moment.
public struct MemoryView: Sendable, Equatable {
    /// Short-term memory, the oldest first.
    public var short: [String]
    /// What came up from long-term memory, the highest score first.
    public var long: [String]

    /// A view of these texts.
    public init(short: [String] = [], long: [String] = []) {
        self.short = short
        self.long = long
    }

    /// Whether nothing comes to mind.
    public var isEmpty: Bool { short.isEmpty && long.isEmpty }
}
