import Support

/// A request as a GPU sees it: sizes, and what its prompt shares with others.
public struct GPURequest: Sendable, Equatable {
    /// Names a request while the GPU has it.
    public typealias ID = UInt64

    /// Its name, used once.
    public var id: ID
    /// Tokens of the prompt, at least one.
    public var promptTokens: Int
    /// Tokens of the answer, at least one.
    public var answerTokens: Int
    /// Hashes of the prompt's full blocks, each over all that is before it. Blocks beyond these are nobody else's.
    public var blocks: [UInt64]
    /// Whether it holds KV while it runs; an embedding holds none.
    public var holdsKV: Bool

    /// A request of the given sizes.
    public init(id: ID, promptTokens: Int, answerTokens: Int, blocks: [UInt64] = [], holdsKV: Bool = true) {
        self.id = id
        self.promptTokens = promptTokens
        self.answerTokens = answerTokens
        self.blocks = blocks
        self.holdsKV = holdsKV
    }
}

/// How a request ended that was served to its end.
public struct GPUCompletion: Sendable, Equatable {
    /// Which request.
    public var id: GPURequest.ID
    /// Tokens of its prompt that were found in the prefix cache when it was first taken up.
    public var cachedTokens: Int
    /// When it came.
    public var arrived: Instant
    /// When it was first taken up.
    public var begun: Instant
    /// When its answer's first token was there.
    public var firstToken: Instant
    /// When its answer's last token was there.
    public var finished: Instant
    /// How often it lost its KV to others.
    public var preemptions: Int
}
