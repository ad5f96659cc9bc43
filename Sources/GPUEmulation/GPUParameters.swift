import Support

/// What one GPU with one model can do: the rates and sizes that its clock follows from.
public struct GPUParameters: Sendable, Equatable {
    /// What is modelled, for people.
    public var name: String
    /// Where the figures come from, for people.
    public var source: String
    /// Tokens that a step computes per second, of prompts and answers alike, where computing is what limits it.
    public var prefillTokensPerSecond: Double
    /// Tokens per second that one sequence alone is given. No step takes less than the inverse: reading the weights
    /// takes that long however few tokens are computed.
    public var decodeTokensPerSecond: Double
    /// Tokens of KV per second that a step reads of what its sequences hold already; nil where that costs nothing.
    public var kvReadTokensPerSecond: Double?
    /// Tokens whose KV fits into the memory; only whole blocks count.
    public var kvTokens: Int
    /// Tokens of a block of KV.
    public var blockTokens: Int
    /// Most sequences in a step.
    public var maximumSequences: Int
    /// Most tokens in a step. A longer prompt is computed in chunks.
    public var maximumBatchedTokens: Int
    /// Whether blocks of finished prompts are kept and found again.
    public var prefixCache: Bool

    /// The parameters of the given values; those of vLLM where a value is left out.
    public init(
        name: String = "", source: String = "", prefillTokensPerSecond: Double, decodeTokensPerSecond: Double,
        kvReadTokensPerSecond: Double? = nil, kvTokens: Int, blockTokens: Int = 16, maximumSequences: Int = 256,
        maximumBatchedTokens: Int = 2_048, prefixCache: Bool = true
    ) {
        self.name = name
        self.source = source
        self.prefillTokensPerSecond = prefillTokensPerSecond
        self.decodeTokensPerSecond = decodeTokensPerSecond
        self.kvReadTokensPerSecond = kvReadTokensPerSecond
        self.kvTokens = kvTokens
        self.blockTokens = blockTokens
        self.maximumSequences = maximumSequences
        self.maximumBatchedTokens = maximumBatchedTokens
        self.prefixCache = prefixCache
    }

    /// Whole blocks that the memory holds.
    public var blockCount: Int { kvTokens / blockTokens }

    /// Blocks that so many tokens need.
    func blocks(for tokens: Int) -> Int { (tokens + blockTokens - 1) / blockTokens }

    /// How long a step takes that computes `tokens` for sequences that held `held` tokens of KV before.
    public func duration(tokens: Int, held: Int) -> Span {
        let work = max(1 / decodeTokensPerSecond, Double(tokens) / prefillTokensPerSecond)
        return Span.seconds(work + (kvReadTokensPerSecond.map { Double(held) / $0 } ?? 0))
    }
}
