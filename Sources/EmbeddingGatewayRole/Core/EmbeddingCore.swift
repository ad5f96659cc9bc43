import Hashing
import Model
import Support
import Vectors
import Wire

/// The embedding-gateway's logic: what comes in changes it and leaves actions for the driver. Knows no socket and
/// no clock.
///
/// A text is sent once however many ask for it, in a batch that leaves when it is full or its oldest text has
/// waited long enough, and its vector is kept.
struct EmbeddingCore<Asker> {
    typealias Request = PendingRequest<Asker>
    typealias Text = PendingText<Asker>
    typealias Batch = TextBatch<Asker>
    typealias Flight = BatchFlight<Asker>

    let limits: EmbeddingLimits
    var pool: EmbeddingPool
    private(set) var cache: VectorCache
    private var archive: (any VectorArchive)?
    var counters = EmbeddingCounters()
    /// Bytes of texts that wait for their first batch.
    private(set) var waitingBytes = 0
    /// Texts that wait for their first batch.
    var waiting = LengthQueue<Asker>()
    private var onTheirWay: [Digest128: Text] = [:]
    /// Batches that go as soon as a server has room.
    var returning: [Batch] = []
    /// Batches that wait for their next try.
    var resting: [UInt64: Batch] = [:]
    var flights: [UInt64: Flight] = [:]
    private var requests: [Request] = []
    var describing: [Asker] = []
    var lastNumber: UInt64 = 0
    var actions: [EmbeddingAction<Asker>] = []

    init(pool: EmbeddingPool, limits: EmbeddingLimits) {
        self.pool = pool
        self.limits = limits
        cache = VectorCache(limit: limits.memoryBytes)
    }

    /// Takes the actions that have come up.
    mutating func takeActions() -> [EmbeddingAction<Asker>] {
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// Requests that lack vectors.
    var open: Int { requests.count { !$0.isOver } }

    /// When the oldest text that waits has waited long enough; nil when none waits.
    var batchDue: Instant? { waiting.oldest.map { $0 + limits.batchDelay } }

    /// Uses an archive from now on, which must be one of the pool's model.
    mutating func attach(_ archive: any VectorArchive) {
        self.archive = archive
        for text in waiting.removeAll() {
            waitingBytes -= text.bytes
            guard text.isWanted else {
                forget(text)
                continue
            }
            if let vector = archived(text.key, text.format) {
                deliver(vector, to: text)
            } else {
                line(up: text)
            }
        }
    }

    // MARK: requests

    /// A question about the servers; answered when each was probed once.
    mutating func describe(to asker: Asker) {
        guard pool.isProbed else { return describing.append(asker) }
        answerDescription(asker)
    }

    /// A request for vectors.
    mutating func embed(_ texts: [String], as format: VectorFormat = .float16, from asker: Asker, at now: Instant) {
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
        for (index, text) in texts.enumerated() { want(text, format, request, index, at: now) }
        if request.missing == 0 { finish(request) } else { requests.append(request) }
    }

    private mutating func want(
        _ text: String, _ format: VectorFormat, _ request: Request, _ index: Int, at now: Instant
    ) {
        let key = HashBuilder.hash128(.content) {
            $0.append(UInt64(format.width))
            $0.append(text)
        }
        if let vector = cache.vector(key) {
            counters.remembered += 1
            request.vectors[index] = vector
            request.missing -= 1
        } else if let pending = onTheirWay[key] {
            counters.joined += 1
            pending.wanted.append((request, index))
        } else if let vector = archived(key, format) {
            request.vectors[index] = vector
            request.missing -= 1
        } else {
            let pending = Text(key: key, text: text, format: format, arrived: now)
            pending.wanted.append((request, index))
            onTheirWay[key] = pending
            line(up: pending)
        }
    }

    private mutating func line(up text: Text) {
        waiting.append(text)
        waitingBytes += text.bytes
    }

    /// Looks into the archive, and keeps in memory what is there.
    private mutating func archived(_ key: Digest128, _ format: VectorFormat) -> [UInt8]? {
        guard let archive, let dimension = pool.fixed?.dimension,
            let vector = archive.vector(key, bytes: dimension * format.width)
        else { return nil }
        counters.archived += 1
        cache.keep(key, vector)
        return vector
    }

    /// Takes texts for a batch out of the queue.
    mutating func takeWaiting(most: Int) -> [Text] {
        var left: [Text] = []
        let taken = waiting.take(most: most, budget: limits.batchTokens) { left.append($0) }
        for text in left { forget(text) }
        for text in taken + left { waitingBytes -= text.bytes }
        return taken
    }

    /// Tells whose time is up, and moves what a server holds for too long. Call it a few times a second.
    mutating func expire(at now: Instant) {
        for request in requests where !request.isOver && request.deadline <= now {
            let trouble = pool.servers.compactMap(\.problem?.what).first ?? "the servers are busy"
            let what = "no vectors within \(Int(limits.deadline.seconds)) s; \(trouble)"
            fail(request, Problem(.unavailable, what, advice: "ask again, or look at the embedding server"))
        }
        requests.removeAll(where: \.isOver)
        loseServersThatHang(at: now)
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

    /// Fails every request: a person must act first.
    mutating func failAll(_ problem: Problem) {
        for request in requests { fail(request, problem) }
    }

    // MARK: ends of texts

    /// A server made this vector.
    mutating func deliver(_ unit: [Float], to text: Text) {
        guard !text.isDone else { return }
        let vector =
            switch text.format {
            case .float16: HalfFloats.encoded(unit)
            case .float32: SingleFloats.encoded(unit)
            }
        cache.keep(text.key, vector)
        archive?.keep(text.key, vector)
        deliver(vector, to: text)
    }

    private mutating func deliver(_ vector: [UInt8], to text: Text) {
        forget(text)
        for (request, index) in text.wanted where !request.isOver {
            request.vectors[index] = vector
            request.missing -= 1
            if request.missing == 0 { finish(request) }
        }
    }

    /// There will be no vectors of these texts.
    mutating func giveUp(_ texts: [Text], _ problem: Problem) {
        for text in texts where !text.isDone {
            forget(text)
            for (request, _) in text.wanted { fail(request, problem) }
        }
    }

    /// The text is no longer on its way.
    mutating func forget(_ text: Text) {
        text.isDone = true
        if onTheirWay[text.key] === text { onTheirWay[text.key] = nil }
    }
}
