/// What the queue knows of a server: what it has to compute, and what its cache is believed to hold.
struct ServerLoad {
    /// Tokens of calls under way there that had to be computed.
    var pending = 0
    /// Calls under way there.
    var inFlight = 0
    /// Calls that it was ever given.
    var dispatched: UInt64 = 0
    var cached: CachedPrefixes
}
