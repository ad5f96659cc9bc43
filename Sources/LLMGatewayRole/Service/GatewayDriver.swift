import Curl
import GatewayLogic
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
    private static let tick = Span.milliseconds(50)

    var core: GatewayCore<Asker>
    private let loop: HTTPLoop
    let clock: any MonotonicClock
    let access: ServerAccess
    let prober: ServerProber
    let logger: Logger
    /// Which servers there should be.
    var roster: ServerRoster
    /// How each server is reached.
    var contacts: [ServerID: ServerContact] = [:]
    /// The names behind which servers come and go, whenever they change.
    var namesChanged: ([String]) -> Void = { _ in }
    /// Adapters that all servers are to have: where they find them, by name.
    var wantedAdapters: [String: String] = [:]
    /// Where replies go: whoever asked came through it.
    private var sink: (any ReplySink)?
    private var requests: [UInt64: RequestHandle] = [:]
    private var replies: [(peer: PeerID, envelope: Envelope)] = []

    init(
        access: ServerAccess, sources: ServerSources, models: [String], policy: PlacementPolicy,
        limits: GatewayLimits, loop: HTTPLoop, clock: any MonotonicClock, logger: Logger
    ) {
        core = GatewayCore(policy: policy, model: models.first, limits: limits)
        self.loop = loop
        self.clock = clock
        self.access = access
        prober = ServerProber(
            loop: loop, wantedModels: models, connectTimeout: limits.connectTimeout)
        roster = ServerRoster(options: access.urls, file: sources.listed)
        self.logger = logger
    }

    /// Starts probing; the loop calls back from then on.
    func start() {
        startServers()
        loop.setBatchEnd { [weak self] in self?.settle() }
        scheduleTick()
    }

    /// What the gateway has done so far.
    var counters: GatewayCounters { core.counters }

    /// How the gateway is, for its metrics.
    var reading: GatewayReading { GatewayReading(core, at: clock.now()) }

    /// Takes what clients sent.
    func receive(_ batch: [(asker: Asker, message: IncomingMessage)], through sink: any ReplySink) {
        self.sink = sink
        let now = clock.now()
        for (asker, message) in batch {
            switch message {
            case .complete(let arrived): core.complete(arrived, from: asker, at: now)
            case .release(let released): core.release(released, at: now)
            case .cancel(let cancelled): core.cancel(cancelled, at: now)
            case .describe: core.describe(to: asker)
            case .list: list(asker)
            case .change(let wish): change(wish, for: asker)
            case .adapter(let wish): manage(wish, for: asker)
            case .refused(let refusal): refuse(asker, refusal)
            }
        }
    }

    /// A client left.
    func lost(_ peer: PeerID) { core.lost(at: clock.now()) { $0.peer == peer } }

    private func scheduleTick() {
        loop.schedule(after: Self.tick) { [weak self] in
            guard let self else { return }
            core.tick(at: clock.now())
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
            loop.schedule(after: after) { [weak self] in
                guard let self else { return }
                core.retryDue(call: call, at: clock.now())
            }
        case .probe(let server, let kind): probe(server, kind)
        case .readLoad(let server): readLoad(server)
        case .tell(let server, let change): tell(server, change)
        }
    }

    private func start(_ flight: Flight) {
        guard let contact = contacts[flight.server] else { preconditionFailure("a call goes to a server that is gone") }
        let request = HTTPRequest(
            .post, flight.path == ReadingWay.chatPath ? contact.chat : contact.url + flight.path,
            headers: contact.headers + [HTTPRequest.Header("x-gensim-call", flight.call.description)],
            body: flight.body, connectTimeout: core.limits.connectTimeout, totalTimeout: flight.timeout,
            maxResponseBytes: core.limits.replyBytes)
        requests[flight.number] = loop.start(request) { [weak self] result in
            guard let self else { return }
            requests[flight.number] = nil
            core.finished(flight: flight.number, result, at: clock.now())
        }
    }

    func reply(_ asker: Asker, _ answer: GatewayReply) {
        // A correlation of 0 wants no reply.
        guard asker.correlation != 0 else { return }
        let envelope =
            switch answer {
            case .completed(let outcome): Self.envelope(Completed(outcome: outcome), asker)
            case .failed(let problem): Self.envelope(RequestFailed(problem), asker)
            case .described(let backends): Self.envelope(ModelsDescribed(backends: backends), asker)
            case .servers(let servers): Self.envelope(ServersListed(servers: servers), asker)
            case .adapters(let results): Self.envelope(AdapterManaged(results: results), asker)
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

    // MARK: servers

    private func probe(_ server: ServerID, _ kind: ProbeKind) {
        // Gone before it was asked.
        guard let contact = contacts[server] else { return }
        switch kind {
        case .health:
            prober.askHealth(contact) { [weak self] fault in
                guard let self else { return }
                core.healthAsked(server, fault, at: clock.now())
            }
        case .full:
            prober.probe(contact) { [weak self] result in
                guard let self, contacts[server] != nil else { return }
                report(server, result)
                core.probed(server, result, at: clock.now())
                loadMissingAdapters(on: server)
                let window = core.fleet.statuses(at: clock.now()).reduce(0) { $0 + $1.window }
                loop.keepConnections(window + core.book.servers.count * ProbeReading.paths.count)
            }
        }
    }

    private func readLoad(_ server: ServerID) {
        guard let source = core.book.profile(server)?.loadSource, let contact = contacts[server] else {
            return core.loadRead(server, nil, at: clock.now())
        }
        prober.readLoad(contact, source) { [weak self] load in
            guard let self else { return }
            core.loadRead(server, load, at: clock.now())
        }
    }

    /// Logs what a probe found that was not known, once.
    private func report(_ server: ServerID, _ result: Result<BackendProfile, ProbeFailure>) {
        switch result {
        case .success(let profile):
            guard core.book.profile(server) != profile else { return }
            logger.info(
                "\(core.book.url(server)): \(profile.engine.rawValue) \(profile.version), model \(profile.model)")
        case .failure(let problem):
            guard core.book.problem(server) != problem else { return }
            switch problem {
            case .unavailable(let what): logger.warning("\(core.book.url(server)): \(what); trying again")
            case .misconfigured(let what, let advice): logger.error("\(core.book.url(server)): \(what); \(advice)")
            }
        }
    }

    private func tell(_ server: ServerID, _ change: ServerChange) {
        let url = core.book.url(server)
        switch change {
        case .working: logger.info("\(url): in use")
        case .slow: logger.warning("\(url): slow; it gets little until it brings answers again")
        case .draining: logger.info("\(url): finishes what it has")
        case .removed:
            logger.info("\(contacts[server]?.url ?? ""): gone")
            contacts[server] = nil
        case .out(let cause): logger.warning("\(url): out of use, \(cause.words)")
        }
    }
}

extension OutCause {
    /// For the log.
    fileprivate var words: String {
        switch self {
        case .failing: "it fails on requests; tried again every few seconds"
        case .interrupted: "a connection broke; asking whether it lives"
        case .unreachable: "nothing answers there; asked again until it does"
        case .silent: "it has brought nothing for too long; what it held goes elsewhere"
        case .misconfigured(let reason): reason
        }
    }
}
