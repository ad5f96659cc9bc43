/// What a reader accepts from outside before it refuses.
public struct JSONLimits: Sendable, Equatable {
    /// Most bytes of a text.
    public var maximumBytes: Int
    /// Most levels of nested arrays and objects, never above `deepest`.
    public var maximumDepth: Int

    /// The deepest nesting that any reader may allow: values are walked recursively, and this much fits into the
    /// stack of every thread.
    public static let deepest = 512

    /// Limits of the given size; a depth beyond `deepest` is cut to it.
    public init(maximumBytes: Int = 16 << 20, maximumDepth: Int = 64) {
        self.maximumBytes = max(0, maximumBytes)
        self.maximumDepth = min(max(1, maximumDepth), Self.deepest)
    }
}
