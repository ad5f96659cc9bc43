/// Bounds of what an `Unpacker` accepts, checked before anything of that size is allocated.
public struct UnpackLimits: Sendable, Equatable {
    /// Longest input in bytes; at most 4 GiB whatever is given.
    public var maxBytes: Int
    /// Deepest nesting of arrays and maps.
    public var maxDepth: Int
    /// Largest number of values, at 16 bytes of memory each.
    public var maxTokens: Int
    /// Values inside more containers than this are validated and can be skipped or taken raw, but not entered.
    /// It bounds the cost of reading an envelope whose content someone else reads.
    public var readableDepth: Int

    /// Limits; see the properties.
    public init(
        maxBytes: Int = 64 << 20, maxDepth: Int = 64, maxTokens: Int = 4 << 20, readableDepth: Int = .max
    ) {
        self.maxBytes = maxBytes
        self.maxDepth = maxDepth
        self.maxTokens = maxTokens
        self.readableDepth = readableDepth
    }

    /// 64 MiB, 64 levels, 4 Mi values.
    public static let `default` = UnpackLimits()
}
