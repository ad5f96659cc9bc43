import Support

/// The model servers behind a gateway: which of them may be given work now, and how much; what they hold; and what
/// must be done when one of them fails, hangs, comes or goes.
///
/// Events change it and leave actions, which the caller takes after each batch of events. It knows no socket and no
/// clock. A flight is one request at one server; it is under way from `dispatched` until `ended` is called for it or
/// an action says that it is to be sent again, whichever comes first, and never counts twice.
public struct ServerFleet {
    /// The thresholds.
    public let policy: FleetPolicy
    var servers: [FleetServer] = []
    var flights: [UInt64: FleetFlight] = [:]
    var times: AnswerTimes
    var retries: ShareBudget
    var hedges: ShareBudget
    private var actions: [FleetAction] = []
    private var lastID: UInt32 = 0

    /// A fleet without any server.
    public init(policy: FleetPolicy = FleetPolicy()) {
        self.policy = policy
        times = AnswerTimes(policy: policy)
        retries = ShareBudget(percent: policy.retryPercent, perSecond: policy.retriesPerSecond, burst: 100)
        hedges = ShareBudget(percent: policy.hedgePercent, perSecond: 0, burst: 20)
    }

    /// Takes the actions that have come up, in order.
    public mutating func takeActions() -> [FleetAction] {
        guard !actions.isEmpty else { return [] }
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// Flights under way.
    public var inFlight: Int { flights.count }

    // MARK: membership

    /// Adds a server and asks for its first probe. One that is being drained stays instead, under its old number.
    /// - Parameter name: where it is, unique among the servers.
    public mutating func add(_ name: String) -> ServerID {
        if let index = servers.firstIndex(where: { $0.name == name }) {
            servers[index].isDraining = false
            return servers[index].id
        }
        lastID += 1
        servers.append(FleetServer(id: ServerID(lastID), name: name, policy: policy))
        probe(servers.count - 1, .full)
        return ServerID(lastID)
    }

    /// Lets a server finish what it has; it is removed when nothing is left there.
    public mutating func drain(_ server: ServerID, at now: Instant) {
        guard let index = index(server), !servers[index].isDraining else { return }
        servers[index].isDraining = true
        actions.append(.tell(server, .draining))
        // What a silent server holds would keep it for good.
        if servers[index].breaker.cause == .silent || servers[index].breaker.cause == .unreachable {
            takeBack(index, because: .removed)
        }
        removeIfDrained(server)
    }

    /// Removes a server at once; what it holds is sent again.
    public mutating func remove(_ server: ServerID) {
        guard let index = index(server) else { return }
        takeBack(index, because: .removed)
        servers[index].isDraining = true
        removeIfDrained(server)
    }

    // MARK: what placement asks

    /// The servers that may be given work at all, full ones among them, in the order of their numbers.
    /// - Parameter model: only servers of this model; nil for all.
    public func rooms(serving model: String? = nil, at now: Instant) -> [ServerRoom] {
        var rooms: [ServerRoom] = []
        rooms.reserveCapacity(servers.count)
        for index in servers.indices {
            if let model, servers[index].facts?.serves(model) != true { continue }
            if let room = servers[index].room(at: now) { rooms.append(room) }
        }
        return rooms
    }

    /// Whether the server has the model, as far as it told.
    public func serves(_ server: ServerID, _ model: String) -> Bool {
        guard let index = index(server) else { return false }
        return servers[index].facts?.serves(model) ?? false
    }

    /// Whether the server works and is to get work, now.
    public func isUsable(_ server: ServerID, at now: Instant) -> Bool {
        index(server).map { servers[$0].isUsable(at: now) } ?? false
    }

    /// Whether a failed call may be sent again now; takes its place in the budget. What a lost or silent server held
    /// needs no leave. A call that gets none waits, it does not fail.
    public mutating func mayRetry(at now: Instant) -> Bool { retries.spend(at: now) }

    /// The time that nearly all answers of so many tokens at most stay below; nil while too few were seen.
    public func usualTime(answerTokens: Int) -> Span? { times.known(AnswerClass(tokens: answerTokens))?.long }

    /// Every server, in the order of their numbers.
    public func statuses(at now: Instant) -> [ServerStatus] { servers.map { $0.status(at: now) } }

    /// Whether any server may be given work.
    public func isAnyUsable(at now: Instant) -> Bool { servers.contains { $0.allowed(at: now) > 0 } }

    /// One server; nil when it is not of the fleet any more.
    public func status(of server: ServerID, at now: Instant) -> ServerStatus? {
        index(server).map { servers[$0].status(at: now) }
    }

    // MARK: steps that the parts share

    func index(_ server: ServerID) -> Int? {
        // The servers stand in the order of their numbers.
        var low = 0
        var high = servers.count
        while low < high {
            let middle = (low + high) / 2
            if servers[middle].id < server { low = middle + 1 } else { high = middle }
        }
        return low < servers.count && servers[low].id == server ? low : nil
    }

    mutating func act(_ action: FleetAction) { actions.append(action) }

    mutating func tell(_ index: Int, _ change: ServerChange) { act(.tell(servers[index].id, change)) }

    mutating func probe(_ index: Int, _ kind: ProbeKind) {
        guard !servers[index].isProbing else { return }
        servers[index].isProbing = true
        if kind == .full { servers[index].wantsProbe = false }
        act(.probe(servers[index].id, kind))
    }

    /// Takes one flight from a server; nil when it is not under way.
    mutating func close(_ number: UInt64) -> (flight: FleetFlight, index: Int)? {
        guard let flight = flights.removeValue(forKey: number), let index = index(flight.server) else { return nil }
        precondition(servers[index].inFlight > 0, "a flight ended that was not counted")
        servers[index].inFlight -= 1
        return (flight, index)
    }

    /// Takes everything from a server and has it sent again, in the order in which it was sent.
    mutating func takeBack(_ index: Int, because reason: RedispatchReason) {
        var held: [UInt64] = []
        for answers in AnswerClass.all {
            held += servers[index].lines[answers.index].rest.filter { flights[$0] != nil }
            servers[index].lines[answers.index] = FlightLine()
        }
        for number in held.sorted() { redispatch(number, because: reason) }
    }

    mutating func redispatch(_ number: UInt64, because reason: RedispatchReason) {
        guard let (_, index) = close(number) else { return }
        servers[index].counts.redispatched += 1
        act(.redispatch(flight: number, because: reason))
    }

    mutating func removeIfDrained(_ server: ServerID) {
        guard let index = index(server), servers[index].isDraining, servers[index].inFlight == 0 else { return }
        servers.remove(at: index)
        act(.forgetCache(server))
        act(.tell(server, .removed))
    }
}
