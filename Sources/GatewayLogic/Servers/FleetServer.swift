import Support

/// All that is known of one server.
struct FleetServer: Sendable {
    let id: ServerID
    let name: String
    var facts: ServerFacts?
    var breaker: CircuitBreaker
    var window: WindowController
    var isDraining = false
    var isProbing = false
    /// Whether a full probe is wanted apart from what the breaker wants.
    var wantsProbe = true
    /// No full probe of that kind before then.
    var probeNotBefore = Instant(nanoseconds: 0)
    var inFlight = 0
    var quiet = QuietTime()
    /// How many times the usual silence is allowed: doubles each time that it was slow and not dead.
    var patience: UInt64 = 1
    var pausedUntil = Instant(nanoseconds: 0)
    var busyInARow = 0
    /// Until when a failure each goes on counting as load, in order.
    var failureLoad: [Instant] = []
    /// Whether its flights were left with it when it fell silent.
    var keptFlights = false
    var lines = [FlightLine](repeating: FlightLine(), count: AnswerClass.count)
    var isReadingLoad = false
    var loadAskedAt: Instant?
    var loadReadAt: Instant?
    var load: LoadReading?
    var counts = ServerCounts()

    init(id: ServerID, name: String, policy: FleetPolicy) {
        self.id = id
        self.name = name
        breaker = CircuitBreaker(policy: policy)
        window = WindowController(fixed: policy.fixedWindow)
    }

    /// Whether it works, as far as known, and may be given calls: others' calls may be sent here.
    func isUsable(at now: Instant) -> Bool { breaker.state == .closed && !isDraining && pausedUntil <= now }

    /// Requests that may be in flight there, 0 when it gets nothing.
    func allowed(at now: Instant) -> Int {
        guard !isDraining, pausedUntil <= now, facts != nil else { return 0 }
        switch breaker.state {
        case .closed: return breaker.isInDoubt ? 1 : window.window
        case .trial: return 1
        case .unproven, .open, .probing: return 0
        }
    }

    /// How placement sees it; nil when it gets nothing at all.
    func room(at now: Instant) -> ServerRoom? {
        let allowed = allowed(at: now)
        guard allowed > 0 else { return nil }
        let failing = failureLoad.reduce(0) { $0 + ($1 > now ? 1 : 0) }
        return ServerRoom(
            server: id, free: max(0, allowed - inFlight - failing), window: allowed, kvTokens: facts?.kvTokens ?? 0,
            opensGroups: window.opensGroups)
    }

    /// How it is, for people.
    func status(at now: Instant) -> ServerStatus {
        let state: ServerStatus.State =
            switch breaker.state {
            case .unproven: .unproven
            case .closed: pausedUntil > now ? .busy(until: pausedUntil) : .working
            case .open(let cause, _), .probing(let cause): .out(cause)
            case .trial(let cause): .trial(cause)
            }
        return ServerStatus(
            server: id, name: name, state: state, isDraining: isDraining, facts: facts, window: window.window,
            inFlight: inFlight, opensGroups: window.opensGroups, load: load, counts: counts)
    }
}
