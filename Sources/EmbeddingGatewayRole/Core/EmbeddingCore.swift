import Curl
import Hashing
import Support
import Wire

/// The embedding-gateway's logic: what comes in changes it and leaves actions for the driver. Knows no socket and
/// no clock.
///
/// A text is sent once however many ask for it, in a batch that leaves when it is full or its oldest text has
/// waited long enough, and its vector is kept.
struct EmbeddingCore<Asker> {
    typealias Request = PendingRequest<Asker>
    typealias Text = PendingText<Asker>

    let limits: EmbeddingLimits
    private(set) var pool: EmbeddingPool
    private(set) var cache: VectorCache
    private(set) var counters = EmbeddingCounters()
    /// Bytes of texts that wait for their first batch.
    private(set) var waitingBytes = 0
    /// A slice, whose front goes without moving the rest.
    private var waiting: ArraySlice<Text> = []
    private var onTheirWay: [Digest128: Text] = [:]
    private var returning: [TextBatch<Asker>] = []
    private var resting: [UInt64: TextBatch<Asker>] = [:]
    private var flights: [UInt64: (batch: TextBatch<Asker>, server: Int)] = [:]
    private var requests: [Request] = []
    private var describing: [Asker] = []
    private var lastNumber: UInt64 = 0
    private var actions: [EmbeddingAction<Asker>] = []

    init(pool: EmbeddingPool, limits: EmbeddingLimits) {
        self.pool = pool
        self.limits = limits
        cache = VectorCache(limit: limits.cacheBytes)
    }

    /// Takes the actions that have come up.
    mutating func takeActions() -> [EmbeddingAction<Asker>] {
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// Requests that lack vectors.
    var open: Int { requests.count { !$0.isOver } }

    /// When the oldest text that waits has waited long enough; nil when none waits.
    var batchDue: Instant? { waiting.first.map { $0.arrived + limits.batchDelay } }

    /// Starts probing every server.
    mutating func start() {
        for server in pool.servers.indices { probe(server, after: Span(nanoseconds: 0)) }
    }

    // MARK: requests

    /// A question about the servers; answered when each was probed once.
    mutating func describe(to asker: Asker) {
        guard pool.isProbed else { return describing.append(asker) }
        answerDescription(asker)
    }

    /// A request for vectors.
    mutating func embed(_ texts: [String], from asker: Asker, at now: Instant) {
        if let problem = pool.hopeless { return actions.append(.reply(asker, .failed(problem))) }
        let size = texts.reduce(0) { $0 + $1.utf8.count + 64 }
        guard waitingBytes == 0 || waitingBytes + size <= limits.queueBytes else {
            let problem = Problem(
                .overloaded, "the queue is full: \(waiting.count) texts, \(waitingBytes) bytes",
                advice: "ask again later")
            return actions.append(.reply(asker, .failed(problem)))
        }
        counters.asked += UInt64(texts.count)
        let request = Request(asker: asker, count: texts.count, deadline: now + limits.deadline)
        for (index, text) in texts.enumerated() { want(text, request, index, at: now) }
        if request.missing == 0 { finish(request) } else { requests.append(request) }
    }

    private mutating func want(_ text: String, _ request: Request, _ index: Int, at now: Instant) {
        let key = HashBuilder.hash128(.content) { $0.append(text) }
        if let vector = cache.vector(key) {
            counters.remembered += 1
            request.vectors[index] = vector
            request.missing -= 1
        } else if let pending = onTheirWay[key] {
            counters.joined += 1
            pending.wanted.append((request, index))
        } else {
            let pending = Text(key: key, text: text, arrived: now)
            pending.wanted.append((request, index))
            onTheirWay[key] = pending
            waiting.append(pending)
            waitingBytes += text.utf8.count + 64
        }
    }

    /// Tells whose time is up. Call it a few times a second.
    mutating func expire(at now: Instant) {
        for request in requests where !request.isOver && request.deadline <= now {
            let trouble = pool.servers.compactMap(\.problem?.what).first ?? "the servers are busy"
            let what = "no vectors within \(Int(limits.deadline.seconds)) s; \(trouble)"
            fail(request, Problem(.unavailable, what, advice: "ask again, or look at the embedding server"))
        }
        requests.removeAll(where: \.isOver)
    }

    private mutating func finish(_ request: Request) {
        request.isOver = true
        let model = pool.fixed?.identity.model ?? ""
        actions.append(.reply(request.asker, .embedded(Embedded(model: model, vectors: request.vectors))))
    }

    private mutating func fail(_ request: Request, _ problem: Problem) {
        guard !request.isOver else { return }
        request.isOver = true
        actions.append(.reply(request.asker, .failed(problem)))
    }

    // MARK: batches

    /// Sends what is ready. Call it after each batch of changes.
    mutating func dispatch(at now: Instant) {
        while let server = pool.free(at: now), let identity = pool.servers[server].profile?.identity {
            guard let batch = nextBatch(for: identity, at: now) else { return }
            send(batch, to: server)
        }
    }

    private mutating func nextBatch(for identity: EmbeddingIdentity, at now: Instant) -> TextBatch<Asker>? {
        while var batch = returning.first {
            batch.texts.removeAll { text in
                if !text.isWanted { onTheirWay[text.key] = nil }
                return !text.isWanted
            }
            returning.removeFirst()
            guard !batch.texts.isEmpty else { continue }
            if batch.texts.count > identity.maxBatch {
                let rest = Array(batch.texts[identity.maxBatch...])
                returning.insert(TextBatch(texts: rest, retries: batch.retries, lastTrouble: batch.lastTrouble), at: 0)
                batch.texts.removeLast(rest.count)
            }
            return batch
        }
        let most = min(limits.batchTexts, identity.maxBatch)
        guard let due = batchDue, waiting.count >= most || waitingBytes >= limits.batchBytes || due <= now else {
            return nil
        }
        return takeWaiting(most: most)
    }

    private mutating func takeWaiting(most: Int) -> TextBatch<Asker>? {
        var texts: [Text] = []
        var bytes = 0
        var taken = 0
        for text in waiting {
            let size = text.text.utf8.count
            if !texts.isEmpty, texts.count == most || bytes + size > limits.batchBytes { break }
            taken += 1
            waitingBytes -= size + 64
            guard text.isWanted else {
                onTheirWay[text.key] = nil
                continue
            }
            texts.append(text)
            bytes += size
        }
        waiting.removeFirst(taken)
        return texts.isEmpty ? nil : TextBatch(texts: texts)
    }

    private mutating func send(_ batch: TextBatch<Asker>, to server: Int) {
        guard let profile = pool.servers[server].profile else { return }
        pool.began(server)
        lastNumber += 1
        flights[lastNumber] = (batch, server)
        counters.batches += 1
        counters.sent += UInt64(batch.texts.count)
        let body = EmbeddingRequestWriter.body(
            batch.texts.map(\.text), identity: profile.identity, base64: profile.sendsBase64)
        actions.append(
            .send(
                number: lastNumber, server: server, body: body, path: profile.identity.engine.path,
                timeout: limits.requestTimeout))
    }

    /// A batch came back.
    mutating func finished(_ number: UInt64, _ result: Result<HTTPResponse, HTTPFailure>, at now: Instant) {
        guard let (batch, server) = flights.removeValue(forKey: number) else { return }
        pool.ended(server)
        let reading = EmbeddingReplyReading.read(result, count: batch.texts.count, dimension: pool.fixed?.dimension)
        note(result, reading, of: server, at: now)
        switch reading {
        case .vectors(let vectors): deliver(vectors, to: batch.texts)
        case .again(_, let retryAfter, let reason): rest(batch, retryAfter: retryAfter, reason: reason)
        case .refused(let words): refused(batch, words)
        case .failed(let failure):
            pool.refuse(server, failure)
            probeAgain(server)
            giveUp(
                batch.texts,
                Problem(.misconfigured, "\(pool.servers[server].url): \(failure.what)", advice: failure.advice))
        }
    }

    /// A batch has waited long enough for its next try.
    mutating func retryDue(batch number: UInt64) {
        if let batch = resting.removeValue(forKey: number) { returning.append(batch) }
    }

    private mutating func deliver(_ vectors: [[UInt8]], to texts: [Text]) {
        for (text, vector) in zip(texts, vectors) {
            onTheirWay[text.key] = nil
            cache.keep(text.key, vector)
            for (request, index) in text.wanted where !request.isOver {
                request.vectors[index] = vector
                request.missing -= 1
                if request.missing == 0 { finish(request) }
            }
        }
    }

    private mutating func rest(_ batch: TextBatch<Asker>, retryAfter: Span?, reason: String) {
        counters.retried += 1
        var next = batch
        lastNumber += 1
        // The jitter spreads requests over time; nothing else follows from it.
        var jitter = SeededGenerator(seed: lastNumber)
        let wait = limits.retry.delay(retry: batch.retries, jitter: jitter.next(), retryAfter: retryAfter)
        next.retries += 1
        next.lastTrouble = reason
        resting[lastNumber] = next
        actions.append(.wake(batch: lastNumber, after: wait))
    }

    /// One text too long spoils a batch: halves find it.
    private mutating func refused(_ batch: TextBatch<Asker>, _ words: String) {
        guard batch.texts.count > 1 else {
            return giveUp(batch.texts, Problem(.invalid, words, advice: "shorten the text"))
        }
        let half = batch.texts.count / 2
        returning.append(TextBatch(texts: Array(batch.texts[..<half])))
        returning.append(TextBatch(texts: Array(batch.texts[half...])))
    }

    private mutating func giveUp(_ texts: [Text], _ problem: Problem) {
        for text in texts {
            onTheirWay[text.key] = nil
            for (request, _) in text.wanted { fail(request, problem) }
        }
    }

    // MARK: servers

    /// A probe came back.
    mutating func probed(_ server: Int, _ result: Result<EmbeddingProfile, EmbeddingFailure>) {
        pool.probed(server, result)
        if pool.servers[server].problem != nil { probeAgain(server) }
        guard pool.isProbed else { return }
        for asker in describing { answerDescription(asker) }
        describing = []
        guard let problem = pool.hopeless else { return }
        for request in requests { fail(request, problem) }
    }

    private mutating func note(
        _ result: Result<HTTPResponse, HTTPFailure>, _ reading: EmbeddingReplyReading, of server: Int, at now: Instant
    ) {
        switch (result, reading) {
        case (.failure(.shutDown), _): return
        case (.failure(let failure), .again):
            if pool.updateHealth(server, { $0.lost(failure) }) { probe(server, after: Span(nanoseconds: 0)) }
        case (_, .again(true, let retryAfter, _)):
            let wait = limits.retry.honoured(retryAfter)
            pool.updateHealth(server) { $0.refused(retryAfter: wait, at: now) }
        default: pool.updateHealth(server) { $0.answered() }
        }
    }

    private mutating func probeAgain(_ server: Int) {
        let failed = max(1, pool.servers[server].probesFailed)
        var jitter = SeededGenerator(seed: UInt64(server) << 32 | UInt64(failed))
        let wait = limits.probe.delay(retry: failed - 1, jitter: jitter.next())
        probe(server, after: wait)
    }

    private mutating func probe(_ server: Int, after span: Span) {
        if pool.beginProbe(server) { actions.append(.probe(server: server, after: span)) }
    }

    private mutating func answerDescription(_ asker: Asker) {
        switch pool.description {
        case .success(let described): actions.append(.reply(asker, .described(described)))
        case .failure(let problem): actions.append(.reply(asker, .failed(problem)))
        }
    }
}
