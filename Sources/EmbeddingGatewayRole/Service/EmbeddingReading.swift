import Support

/// How the gateway is at one moment: copied on its loop, made into text elsewhere.
struct EmbeddingReading: Sendable {
    /// How a server is.
    struct Server: Sendable {
        /// Words for all standings, as metrics have them.
        static let standings = ["unproven", "working", "busy", "out"]

        var url: String
        var standing: String
        var inFlight: Int
        var batches: UInt64
    }

    var counters: EmbeddingCounters
    /// Requests that lack vectors.
    var open: Int
    var queuedBytes: Int
    var cacheBytes: Int
    var cachedVectors: Int
    var servers: [Server]
    /// What keeps every server from working, as one line; nil when one works.
    var missing: String?

    /// How `core` is now.
    init<Asker>(_ core: EmbeddingCore<Asker>, at now: Instant) {
        counters = core.counters
        open = core.open
        queuedBytes = core.waitingBytes
        cacheBytes = core.cache.bytes
        cachedVectors = core.cache.count
        servers = core.pool.servers.map { server in
            let standing =
                switch server.health.state {
                case .unknown: "unproven"
                case .working: "working"
                case .busy(let until): until > now ? "busy" : "working"
                case .dead: "out"
                }
            return Server(url: server.url, standing: standing, inFlight: server.inFlight, batches: server.dispatched)
        }
        let problem = core.pool.servers.first { $0.problem != nil }
        let cause = problem.flatMap { server in server.problem.map { ": \(server.url): \($0.what)" } }
        missing =
            servers.contains { ["working", "busy"].contains($0.standing) }
            ? nil : "no embedding server works\(cause ?? " yet")"
    }
}
