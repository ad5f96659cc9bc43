import Curl
import GatewayLogic
import Support
import Wire

/// The servers: which there are, what probes find, and what follows for calls.
extension GatewayCore {
    // MARK: membership

    /// Adds a server, and probes it.
    @discardableResult
    mutating func add(_ url: String, at now: Instant) -> ServerID {
        let server = fleet.add(url)
        book.add(server, url: url)
        follow(at: now)
        return server
    }

    /// Lets a server finish what it has; it gets nothing more and is removed then.
    mutating func drain(_ server: ServerID, at now: Instant) {
        fleet.drain(server, at: now)
        follow(at: now)
    }

    /// Removes a server at once: what it has is sent elsewhere.
    mutating func remove(_ server: ServerID, at now: Instant) {
        fleet.remove(server)
        follow(at: now)
    }

    // MARK: probes

    /// A full probe came back.
    mutating func probed(_ server: ServerID, _ result: Result<BackendProfile, ProbeFailure>, at now: Instant) {
        book.probed(server, result)
        switch result {
        case .success(let profile):
            if model == nil { model = profile.model }
            fleet.probed(server, profile.facts, at: now)
        case .failure(let failure): fleet.probeFailed(server, failure.fault, at: now)
        }
        follow(at: now)
        tellDescriptions()
        failHopeless(at: now)
    }

    /// A server was asked out of turn what it serves, after an adapter was loaded or unloaded there.
    mutating func relearned(_ server: ServerID, _ profile: BackendProfile, at now: Instant) {
        book.probed(server, .success(profile))
        fleet.told(server, profile.facts)
        failHopeless(at: now)
    }

    /// A server was asked whether it lives; nil when it said anything at all.
    mutating func healthAsked(_ server: ServerID, _ fault: ProbeFault?, at now: Instant) {
        if let fault { fleet.probeFailed(server, fault, at: now) } else { fleet.healthAnswered(server, at: now) }
        follow(at: now)
    }

    /// A server's load was asked for; nil when it told nothing.
    mutating func loadRead(_ server: ServerID, _ load: LoadReading?, at now: Instant) {
        if let load { fleet.loadRead(server, load, at: now) } else { fleet.loadUnread(server) }
        follow(at: now)
    }

    /// A request revealed what a person must mend.
    mutating func mark(_ server: ServerID, _ what: String, _ advice: String, at now: Instant) {
        book.misconfigured(server, what, advice: advice)
        failHopeless(at: now)
    }

    /// Ends the calls that no server will ever answer as things are.
    private mutating func failHopeless(at now: Instant) {
        var problems: [String: Problem] = [:]
        for name in callsByModel.keys { problems[name] = obstacle(for: name) }
        guard !problems.isEmpty else { return }
        for number in calls.keys.sorted() {
            if let call = calls[number], let problem = problems[call.request.spec.model] {
                giveUp(call, problem, at: now)
            }
        }
    }

    /// Does what the fleet wants.
    mutating func follow(at now: Instant) {
        while true {
            let wanted = fleet.takeActions()
            guard !wanted.isEmpty else { return }
            for action in wanted { perform(action, at: now) }
        }
    }

    private mutating func perform(_ action: FleetAction, at now: Instant) {
        switch action {
        case .probe(let server, let kind): act(.probe(server, kind))
        case .redispatch(let flight, _): redispatch(flight, at: now)
        case .hedge(let flight, let server): hedge(flight, on: server, at: now)
        case .readLoad(let server): act(.readLoad(server))
        case .forgetCache(let server): queue.forget(server)
        case .tell(let server, let change):
            switch change {
            case .working: book.works(server)
            case .removed: book.remove(server)
            case .slow, .out, .draining: break
            }
            act(.tell(server, change))
        }
    }

    // MARK: for people

    /// What is told about the servers.
    func description() -> GatewayReply {
        if let problem = book.firstMisconfiguration ?? book.unavailability { return .failed(problem) }
        return .described(
            book.servers.compactMap { server in
                guard book.problem(server) == nil, let profile = book.profile(server),
                    let status = fleet.status(of: server, at: Instant(nanoseconds: 0))
                else { return nil }
                return BackendDescription(
                    url: book.url(server), engine: profile.engine.rawValue, version: profile.version,
                    model: profile.model, contextTokens: profile.contextTokens, window: UInt32(status.window),
                    yardstick: profile.yardstick)
            })
    }
}
