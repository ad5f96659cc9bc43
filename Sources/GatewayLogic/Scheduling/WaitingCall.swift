/// A call as the queue sees it.
public struct WaitingCall: Sendable, Equatable {
    /// Where a call stands among those of its run's priority.
    public enum Lane: Int, CaseIterable, Sendable {
        /// First calls of turns.
        case opening
        /// Calls of turns that are under way: finishing what is open keeps windows moving.
        case continuing
        /// Calls that were dispatched before and come back.
        case returning
    }

    /// The call; not in the queue twice.
    public var number: UInt64
    /// Who shares the servers with whom: the run.
    public var flow: String
    /// The model that it goes to; empty for the servers' default one.
    public var model: String
    /// Its prompt's prefixes.
    public var chain: PrefixChain
    /// Tokens of the prompt, estimated.
    public var tokens: Int
    /// Most tokens of the answer.
    public var answerTokens: Int
    /// Higher goes first; 0 to 9.
    public var priority: Int
    /// Where it stands among those of its priority.
    public var lane: Lane

    /// A call; see the properties. A prompt has at least the tokens of its chunks.
    public init(
        number: UInt64, flow: String, model: String, chain: PrefixChain, tokens: Int, answerTokens: Int,
        priority: Int = 4, lane: Lane = .opening
    ) {
        self.number = number
        self.flow = flow
        self.model = model
        self.chain = chain
        self.tokens = max(tokens, chain.count * PrefixChain.chunkTokens + 1)
        self.answerTokens = max(0, answerTokens)
        self.priority = min(max(0, priority), 9)
        self.lane = lane
    }
}
