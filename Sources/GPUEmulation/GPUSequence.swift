import Support

/// A request on its way through a GPU.
struct GPUSequence: Sendable {
    let request: GPURequest
    let arrived: Instant
    /// When it was first taken up.
    var begun: Instant?
    var firstToken: Instant?
    /// Tokens of the prompt that were in the prefix cache when it was first taken up.
    var cached = 0
    var preemptions = 0
    /// Blocks of KV that it holds, in order.
    var blocks: [KVBlocks.Block] = []
    /// How many of them are known to the prefix cache, or need not be.
    var named = 0
    /// Tokens whose KV is there.
    var computed = 0
    /// Tokens of the answer that are there.
    private(set) var answered = 0

    init(_ request: GPURequest, arrived: Instant) {
        self.request = request
        self.arrived = arrived
    }

    /// Tokens to compute before the answer's next token is there.
    var left: Int { request.promptTokens + answered - computed }

    /// Tokens are computed. Returns whether that gave a token of the answer.
    mutating func advance(_ tokens: Int, at now: Instant) -> Bool {
        computed += tokens
        guard left == 0 else { return false }
        answered += 1
        if answered == 1 { firstToken = now }
        return true
    }

    /// The KV is gone: what was computed must be computed again.
    mutating func loseAll() {
        blocks = []
        named = 0
        computed = 0
        preemptions += 1
    }

    /// How it ended, once the whole answer is there.
    func completion(at now: Instant) -> GPUCompletion? {
        guard answered == request.answerTokens, let begun, let firstToken else { return nil }
        return GPUCompletion(
            id: request.id, cachedTokens: cached, arrived: arrived, begun: begun, firstToken: firstToken, finished: now,
            preemptions: preemptions)
    }

    /// Whether its blocks hold what is computed.
    func holds(_ parameters: GPUParameters) -> Bool { blocks.count * parameters.blockTokens >= computed }
}
