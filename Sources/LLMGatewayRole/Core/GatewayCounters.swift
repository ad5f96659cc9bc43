/// What the gateway has done, for its status and its log.
struct GatewayCounters: Equatable {
    /// Requests taken.
    var asked: UInt64 = 0
    /// Requests for a call that was under way.
    var joined: UInt64 = 0
    /// Requests answered from memory.
    var remembered: UInt64 = 0
    /// Calls refused because the queue is full.
    var refused: UInt64 = 0
    /// Attempts sent, retries included.
    var sent: UInt64 = 0
    /// Tries that ended without an answer.
    var retried: UInt64 = 0
    /// Answers rejected.
    var rejected: UInt64 = 0
    /// Calls answered.
    var answered: UInt64 = 0
    /// Calls that ended in a rejection.
    var failed: UInt64 = 0
    /// Calls whose time was up.
    var expired: UInt64 = 0

    /// Calls answered by what another had asked.
    var shared: UInt64 = 0
    /// Attempts taken from a server that brought nothing, and sent elsewhere.
    var redispatched: UInt64 = 0
    /// Attempts sent beside one that took long.
    var hedged: UInt64 = 0
    /// Calls given up because nobody wanted them any more.
    var cancelled: UInt64 = 0
    /// Calls whose answer was drawn from a distribution.
    var drawn: UInt64 = 0
    /// Calls that wanted a distribution and had their answer sampled.
    var unread: UInt64 = 0
    /// Requests sent to count the tokens of a prompt; among the attempts sent, too.
    var counts: UInt64 = 0

    /// One line for the log.
    var summary: String {
        "asked \(asked), answered \(answered), failed \(failed), expired \(expired), refused \(refused), "
            + "joined \(joined), remembered \(remembered), sent \(sent), retried \(retried), rejected \(rejected), "
            + "shared \(shared), redispatched \(redispatched), hedged \(hedged), cancelled \(cancelled), "
            + "drawn \(drawn), unread \(unread), counts \(counts)"
    }
}
