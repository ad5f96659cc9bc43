import Curl
import Support
import Wire

/// The embedding servers: what each can do, how it is, and how many batches it has.
struct EmbeddingPool {
    struct Server {
        let url: String
        var profile: EmbeddingProfile?
        var health = ServerHealth()
        var problem: EmbeddingFailure?
        /// How many texts a request holds; nil before the first probe that succeeds.
        var tuner: BatchTuner?
        /// Usual time of a batch, from leaving to coming back.
        var usual: Span?
        var inFlight = 0
        var dispatched: UInt64 = 0
        var isProbing = false
        var probesFailed = 0
    }

    private(set) var servers: [Server]
    /// What the first server that answered makes: all others must make the same.
    private(set) var fixed: EmbeddingProfile?
    private let batches: Int
    private let batchTexts: Int

    /// Requests in flight at a server that takes one text at a time.
    static let singleWindow = 16
    /// Texts that are kept in flight at a server, where that takes more than two batches.
    static let textsInFlight = 64

    /// A pool of the servers at `urls` with at most `batches` batches of at most `batchTexts` texts in flight at each.
    init(urls: [String], batches: Int, batchTexts: Int) {
        servers = urls.map { Server(url: $0) }
        self.batches = batches
        self.batchTexts = batchTexts
    }

    /// Whether every server was probed at least once.
    var isProbed: Bool { servers.allSatisfy { $0.health.state != .unknown } }

    /// Requests that may be in flight in all.
    var totalWindow: Int { servers.indices.reduce(0) { $0 + window($1) } }

    /// The least loaded server that has room, other than `avoided`; nil when none has.
    func free(at now: Instant, avoiding avoided: Int? = nil) -> Int? {
        var best: Int?
        for (index, server) in servers.enumerated()
        where index != avoided && server.inFlight < window(index) && server.health.isAvailable(at: now) {
            guard let other = best.map({ servers[$0] }) else {
                best = index
                continue
            }
            if (server.inFlight, server.dispatched) < (other.inFlight, other.dispatched) { best = index }
        }
        return best
    }

    /// Whether a server other than this one may be given work, now or when it has room.
    func hasOther(than server: Int, at now: Instant) -> Bool {
        servers.indices.contains {
            $0 != server && servers[$0].profile != nil && servers[$0].health.isAvailable(at: now)
        }
    }

    /// Texts that a batch for a server holds at most.
    func batchSize(_ server: Int) -> Int { servers[server].tuner?.size ?? 1 }

    /// Counts a batch that goes to a server.
    mutating func began(_ server: Int, at now: Instant) {
        servers[server].inFlight += 1
        servers[server].dispatched += 1
        servers[server].tuner?.began(at: now)
    }

    /// Counts a batch that came back after `span`, with so many vectors; nil where it brought none.
    mutating func ended(_ server: Int, texts: Int?, after span: Span, at now: Instant) {
        precondition(servers[server].inFlight > 0, "a batch ended that was not counted")
        servers[server].inFlight -= 1
        servers[server].tuner?.ended(texts: texts, at: now)
        guard texts != nil else { return }
        // Three quarters of what was known and a quarter of what is new.
        let usual = servers[server].usual ?? span
        servers[server].usual = Span(nanoseconds: usual.nanoseconds / 4 * 3 + span.nanoseconds / 4)
    }

    /// The server takes at most so many texts, as its refusals told.
    mutating func limitBatch(_ server: Int, to texts: Int) { servers[server].tuner?.limit(to: texts) }

    /// Changes a server's health.
    mutating func updateHealth<Result>(_ server: Int, _ change: (inout ServerHealth) -> Result) -> Result {
        change(&servers[server].health)
    }

    /// Notes that a probe is under way; false when one already is.
    mutating func beginProbe(_ server: Int) -> Bool {
        guard !servers[server].isProbing else { return false }
        servers[server].isProbing = true
        return true
    }

    /// Takes the result of a probe.
    mutating func probed(_ server: Int, _ result: Result<EmbeddingProfile, EmbeddingFailure>) {
        servers[server].isProbing = false
        switch result {
        case .failure(let failure): refuse(server, failure)
        case .success(let profile):
            let expected = fixed ?? profile
            guard profile.dimension == expected.dimension else {
                return refuse(server, .dimensionChanged(expected: expected.dimension, found: profile.dimension))
            }
            guard profile.identity.model == expected.identity.model else {
                return refuse(
                    server, .modelChanged(expected: expected.identity.model, found: profile.identity.model))
            }
            fixed = expected
            servers[server].profile = profile
            let limit = min(batchTexts, profile.identity.maxBatch)
            // What its refusals told before is still true.
            if servers[server].tuner == nil { servers[server].tuner = BatchTuner(limit: limit) }
            servers[server].tuner?.limit(to: limit)
            servers[server].problem = nil
            servers[server].probesFailed = 0
            servers[server].health.probed()
        }
    }

    /// Takes a server out of use; only a probe brings it back.
    mutating func refuse(_ server: Int, _ failure: EmbeddingFailure) {
        servers[server].problem = failure
        servers[server].probesFailed += 1
        servers[server].health.probeFailed()
    }

    /// Set when a person must act before any server answers.
    var hopeless: Problem? {
        guard servers.allSatisfy({ $0.problem.map { !$0.isTransient } ?? false }) else { return nil }
        return servers.first.flatMap(Self.problem)
    }

    /// The answer to who asks what stands behind the gateway.
    var description: Result<EmbeddingDescribed, Problem> {
        guard servers.contains(where: { $0.problem == nil && $0.profile != nil }), let fixed else {
            let lasting = servers.first { $0.problem.map { !$0.isTransient } ?? false }
            let problem = (lasting ?? servers.first).flatMap(Self.problem)
            return .failure(problem ?? Problem(.unavailable, "no embedding server was probed", advice: "ask again"))
        }
        return .success(
            EmbeddingDescribed(
                model: fixed.identity.model, dimension: UInt32(fixed.dimension), engine: fixed.identity.engine.rawValue)
        )
    }

    private func window(_ server: Int) -> Int {
        guard let profile = servers[server].profile else { return 0 }
        guard profile.identity.maxBatch > 1 else { return max(batches, Self.singleWindow) }
        // Two at least, so that one travels while the other is computed.
        let size = batchSize(server)
        return max(min(2, batches), min(batches, (Self.textsInFlight + size - 1) / size))
    }

    private static func problem(_ server: Server) -> Problem? {
        server.problem.map {
            Problem($0.isTransient ? .unavailable : .misconfigured, "\(server.url): \($0.what)", advice: $0.advice)
        }
    }
}
