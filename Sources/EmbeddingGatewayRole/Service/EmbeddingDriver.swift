import Curl
import Logging
import Model
import Support
import Transport
import Wire

/// Does what the embedding-gateway's logic wants: sends batches, keeps timers, probes servers and replies in batches.
///
/// Lives on the loop's thread.
final class EmbeddingDriver {
    /// How often deadlines are looked at.
    private static let tick = Span.milliseconds(100)

    private var core: EmbeddingCore<EmbeddingAsker>
    private let loop: HTTPLoop
    private let clock: any MonotonicClock
    private let access: ServerAccess
    private let wantedModel: String?
    private let logger: Logger
    /// Where replies go: whoever asked came through it.
    private var sink: (any ReplySink)?
    private var replies: [(peer: PeerID, envelope: Envelope)] = []
    private var batchTimer: (due: Instant, timer: TimerHandle)?
    private var told: [EmbeddingFailure?]
    private var requests: [UInt64: RequestHandle] = [:]
    private let cache: VectorFolderSettings?
    private var archive: VectorFolder?
    private var isCacheTried = false
    private var isCacheTroubleTold = false

    init(
        access: ServerAccess, model: String?, limits: EmbeddingLimits, cache: VectorFolderSettings?, loop: HTTPLoop,
        clock: any MonotonicClock, logger: Logger
    ) {
        let pool = EmbeddingPool(urls: access.urls, batches: limits.batches, batchTexts: limits.batchTexts)
        core = EmbeddingCore(pool: pool, limits: limits)
        self.cache = cache
        self.access = access
        wantedModel = model
        self.loop = loop
        self.clock = clock
        self.logger = logger
        told = access.urls.map { _ in nil }
    }

    /// Starts probing; the loop calls back from then on.
    func start() {
        core.start()
        loop.setBatchEnd { [weak self] in self?.settle() }
        scheduleTick()
    }

    /// Writes what the cache on disk still lacks; for the end.
    func flush() { archive?.flush() }

    /// What the gateway has done so far.
    var counters: EmbeddingCounters { core.counters }

    /// How the gateway is, for its metrics.
    var reading: EmbeddingReading { EmbeddingReading(core, at: clock.now()) }

    /// Takes what clients sent.
    func receive(_ batch: [(asker: EmbeddingAsker, message: EmbeddingMessage)], through sink: any ReplySink) {
        self.sink = sink
        let now = clock.now()
        for (asker, message) in batch {
            switch message {
            case .embed(let request): core.embed(request.texts, as: request.format, from: asker, at: now)
            case .describe: core.describe(to: asker)
            case .refused(let refusal): refuse(asker, refusal)
            }
        }
    }

    private func scheduleTick() {
        loop.schedule(after: Self.tick) { [weak self] in
            guard let self else { return }
            core.expire(at: clock.now())
            flushCache()
            scheduleTick()
        }
    }

    /// Runs at the end of each batch of events.
    private func settle() {
        core.dispatch(at: clock.now())
        for action in core.takeActions() { perform(action) }
        scheduleBatch()
        for server in core.pool.servers.indices where core.pool.servers[server].problem != told[server] { tell(server) }
        guard !replies.isEmpty else { return }
        sink?.send(replies)
        replies.removeAll(keepingCapacity: true)
    }

    /// Sees to it that the loop wakes when the oldest text has waited long enough.
    private func scheduleBatch() {
        let now = clock.now()
        if let timer = batchTimer, timer.due <= now { batchTimer = nil }
        // Without a free server there is nothing to wake for: a reply or the tick makes one free.
        guard let due = core.batchDue, batchTimer == nil, core.pool.free(at: now) != nil else { return }
        batchTimer = (max(due, now), loop.schedule(after: due.since(now)) {})
    }

    private func perform(_ action: EmbeddingAction<EmbeddingAsker>) {
        switch action {
        case .send(let number, let server, let body, let path, let timeout):
            let request = HTTPRequest(
                .post, access.urls[server] + path, headers: access.headers, body: body,
                connectTimeout: core.limits.connectTimeout, totalTimeout: timeout,
                maxResponseBytes: core.limits.replyBytes)
            requests[number] = loop.start(request) { [weak self] result in
                guard let self else { return }
                requests[number] = nil
                core.finished(number, result, at: clock.now())
            }
        case .cancel(let number): if let request = requests.removeValue(forKey: number) { loop.cancel(request) }
        case .reply(let asker, let answer): reply(asker, answer)
        case .wake(let batch, let after):
            loop.schedule(after: after) { [weak self] in self?.core.retryDue(batch: batch) }
        case .probe(let server, let after):
            loop.schedule(after: after) { [weak self] in self?.probe(server) }
        }
    }

    private func reply(_ asker: EmbeddingAsker, _ answer: EmbeddingAnswer) {
        // A correlation of 0 wants no reply.
        guard asker.correlation != 0 else { return }
        let envelope =
            switch answer {
            case .embedded(let embedded): Self.envelope(embedded, asker)
            case .described(let described): Self.envelope(described, asker)
            case .failed(let problem): Self.envelope(RequestFailed(problem), asker)
            }
        replies.append((asker.peer, envelope))
    }

    private func refuse(_ asker: EmbeddingAsker, _ refusal: Refusal) {
        // Without a correlation a refusal would be taken for one of everything that is under way.
        guard asker.correlation != 0 else { return }
        replies.append((asker.peer, refusal.envelope(correlation: asker.correlation)))
    }

    private static func envelope<Message: WireMessage>(_ message: Message, _ asker: EmbeddingAsker) -> Envelope {
        Envelope(kind: Message.kind.rawValue, correlation: asker.correlation, body: message.packed())
    }

    private func probe(_ server: Int) {
        EmbeddingProbe(url: access.urls[server], access: access, wantedModel: wantedModel, loop: loop) {
            [weak self] result in
            guard let self else { return }
            core.probed(server, result)
            openCache()
            loop.keepConnections(core.pool.totalWindow + access.urls.count * EmbeddingProbeReading.paths.count)
            // A success is told here, whatever was told before; a problem by `settle`.
            if core.pool.servers[server].problem == nil { tell(server) }
        }.start()
    }

    /// Opens the cache on disk once the model is known. Without it there is only more to ask for.
    private func openCache() {
        guard let cache, !isCacheTried, let fixed = core.pool.fixed else { return }
        isCacheTried = true
        do {
            let identity = VectorIdentity(model: fixed.identity.model, sample: fixed.sample)
            let archive = try VectorFolder(cache.folder, identity: identity, limit: cache.bytes)
            self.archive = archive
            core.attach(archive)
            logger.info("\(cache.folder): \(archive.count) vectors of this model")
        } catch {
            logger.warning("\(error)")
        }
    }

    private func flushCache() {
        archive?.flush()
        guard let trouble = archive?.trouble, !isCacheTroubleTold else { return }
        isCacheTroubleTold = true
        logger.warning("\(cache?.folder ?? ""): \(trouble)")
    }

    /// Logs what changed about a server, once.
    private func tell(_ server: Int) {
        let found = core.pool.servers[server]
        if let problem = found.problem {
            guard told[server] != problem else { return }
            logger.log(
                level: problem.isTransient ? .warning : .error, "\(found.url): \(problem.what); \(problem.advice)")
        } else if let profile = found.profile {
            let identity = profile.identity
            logger.info(
                "\(found.url): \(identity.engine.rawValue), model \(identity.model), \(profile.dimension) dimensions")
        }
        told[server] = found.problem
    }
}
