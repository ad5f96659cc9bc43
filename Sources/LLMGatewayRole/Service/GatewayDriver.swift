import Curl
import Hashing
import Logging
import Model
import Support
import Transport
import Wire

/// Does what the gateway's logic wants: sends attempts, keeps timers, probes servers and replies in batches.
///
/// Lives on the loop's thread.
final class GatewayDriver {
    /// How often deadlines are looked at.
    private static let tick = Span.milliseconds(100)
    private static let probeTimeout = Span.seconds(10)
    private static let probeBytes = 8 << 20

    private var core: GatewayCore<Asker>
    private let loop: HTTPLoop
    private let clock: any MonotonicClock
    private let access: ServerAccess
    private let chatAddresses: [String]
    private let logger: Logger
    /// The model that the user named.
    private let wantedModel: String?
    /// Where replies go: whoever asked came through it.
    private var sink: (any ReplySink)?
    private var requests: [UInt64: RequestHandle] = [:]
    private var replies: [(peer: PeerID, envelope: Envelope)] = []
    private var told: [ProbeFailure?]

    init(
        access: ServerAccess, model: String?, limits: GatewayLimits, window: Int, loop: HTTPLoop,
        clock: any MonotonicClock, logger: Logger
    ) {
        core = GatewayCore(pool: BackendPool(urls: access.urls, window: window), limits: limits)
        self.loop = loop
        self.clock = clock
        self.access = access
        chatAddresses = access.urls.map { $0 + "/v1/chat/completions" }
        self.logger = logger
        wantedModel = model
        told = access.urls.map { _ in nil }
    }

    /// Starts probing; the loop calls back from then on.
    func start() {
        core.start()
        loop.setBatchEnd { [weak self] in self?.settle() }
        scheduleTick()
    }

    /// What the gateway has done so far.
    var counters: GatewayCounters { core.counters }

    /// Takes what clients sent.
    func receive(_ batch: [(asker: Asker, message: IncomingMessage)], through sink: any ReplySink) {
        self.sink = sink
        let now = clock.now()
        for (asker, message) in batch {
            switch message {
            case .complete(let request): core.complete(request, from: asker, at: now)
            case .release(let released): core.release(released)
            case .describe: core.describe(to: asker)
            case .refused(let refusal): refuse(asker, refusal)
            }
        }
    }

    private func scheduleTick() {
        loop.schedule(after: Self.tick) { [weak self] in
            guard let self else { return }
            core.expire(at: clock.now())
            scheduleTick()
        }
    }

    /// Runs at the end of each batch of events: one look at the queue, and one message to the network's thread.
    private func settle() {
        core.dispatch(at: clock.now())
        for action in core.takeActions() { perform(action) }
        guard !replies.isEmpty else { return }
        sink?.send(replies)
        replies.removeAll(keepingCapacity: true)
    }

    private func perform(_ action: GatewayAction<Asker>) {
        switch action {
        case .send(let flight): start(flight)
        case .cancel(let flight):
            if let request = requests.removeValue(forKey: flight) { loop.cancel(request) }
        case .reply(let asker, let answer): reply(asker, answer)
        case .wake(let call, let after):
            loop.schedule(after: after) { [weak self] in self?.core.retryDue(call: call) }
        case .probe(let backend, let after):
            loop.schedule(after: after) { [weak self] in self?.probe(backend) }
        }
    }

    private func start(_ flight: Flight) {
        let request = HTTPRequest(
            .post, chatAddresses[flight.backend],
            headers: access.headers + [HTTPRequest.Header("x-gensim-call", flight.call.description)],
            body: flight.body, connectTimeout: core.limits.connectTimeout, totalTimeout: flight.timeout,
            maxResponseBytes: core.limits.replyBytes)
        requests[flight.number] = loop.start(request) { [weak self] result in
            guard let self else { return }
            requests[flight.number] = nil
            core.finished(flight: flight.number, result, at: clock.now())
        }
    }

    private func reply(_ asker: Asker, _ answer: GatewayReply) {
        // A correlation of 0 wants no reply.
        guard asker.correlation != 0 else { return }
        let envelope =
            switch answer {
            case .completed(let outcome): Self.envelope(Completed(outcome: outcome), asker)
            case .failed(let problem): Self.envelope(RequestFailed(problem), asker)
            case .described(let backends): Self.envelope(ModelsDescribed(backends: backends), asker)
            }
        replies.append((asker.peer, envelope))
    }

    private func refuse(_ asker: Asker, _ refusal: Refusal) {
        // Without a correlation a refusal would be taken for one of everything that is under way.
        guard asker.correlation != 0 else { return }
        replies.append((asker.peer, refusal.envelope(correlation: asker.correlation)))
    }

    private static func envelope<Message: WireMessage>(_ message: Message, _ asker: Asker) -> Envelope {
        Envelope(kind: Message.kind.rawValue, correlation: asker.correlation, body: message.packed())
    }

    // MARK: probing

    private func probe(_ backend: Int) {
        var replies: [String: Result<HTTPResponse, HTTPFailure>] = [:]
        for path in ProbeReading.paths {
            let request = HTTPRequest(
                .get, access.urls[backend] + path, headers: access.headers, connectTimeout: core.limits.connectTimeout,
                totalTimeout: Self.probeTimeout, maxResponseBytes: Self.probeBytes)
            loop.start(request) { [weak self] result in
                guard let self else { return }
                replies[path] = result
                if replies.count == ProbeReading.paths.count { probed(backend, replies) }
            }
        }
    }

    private func probed(_ backend: Int, _ replies: [String: Result<HTTPResponse, HTTPFailure>]) {
        let reading = ProbeReading(url: access.urls[backend], wantedModel: wantedModel)
        do throws(ProbeFailure) {
            core.probed(backend, .success(try reading.profile(replies)))
        } catch {
            core.probed(backend, .failure(error))
        }
        loop.keepConnections(core.pool.totalWindow + access.urls.count * ProbeReading.paths.count)
        tell(backend)
    }

    /// Logs what changed about a server, once.
    private func tell(_ backend: Int) {
        let found = core.pool.backends[backend]
        if let problem = found.problem {
            guard told[backend] != problem else { return }
            switch problem {
            case .unavailable(let what): logger.warning("\(found.url): \(what); trying again")
            case .misconfigured(let what, let advice): logger.error("\(found.url): \(what); \(advice)")
            }
        } else if let profile = found.profile {
            logger.info(
                "\(found.url): \(profile.engine.rawValue) \(profile.version), model \(profile.model), window \(found.window)"
            )
        }
        told[backend] = found.problem
    }
}
