import GatewayLogic
import Hashing
import Support

/// A fleet with servers, callers and a clock that are all made up: what a gateway's driver does, in virtual time.
struct FleetSimulation {
    /// What a server does.
    enum Behaviour: Equatable {
        /// Answers after this time, more for each request beyond what it works on at once.
        case working(Span)
        /// Accepts requests and probes, and says nothing.
        case hanging
        /// Answers probes, and what it was given only when this is over.
        case busyWithItself
        /// Fails at once, and looks well to a probe.
        case failing
        /// Is not there.
        case gone
        /// Says "later".
        case refusing(Span?)
    }

    private enum Event {
        case arrival
        /// An end that holds only if the server does then what it did when it was planned.
        case end(flight: UInt64, ReplyKind, epoch: Int)
        case probeEnd(ServerID, ProbeKind, ProbeFault?)
        case loadEnd(ServerID, LoadReading)
        case retry(call: UInt64)
        case tick
        case change(server: Int, Behaviour)
    }

    struct Flight {
        var call: UInt64
        var server: Int
        var sentAt: Instant
    }

    private(set) var fleet: ServerFleet
    private(set) var ids: [ServerID] = []
    private(set) var now = Instant(nanoseconds: 0)
    private var behaviours: [Behaviour] = []
    /// How often each server has changed.
    private var epochs: [Int] = []
    private var events: [(at: Instant, order: Int, event: Event)] = []
    private var order = 0
    private var jitter: SeededGenerator
    private(set) var flights: [UInt64: Flight] = [:]
    private var waiting: [UInt64] = []
    /// Calls that have no answer yet, with the flights that each has.
    private(set) var open: [UInt64: Set<UInt64>] = [:]
    private var lastFlight: UInt64 = 0
    private var lastCall: UInt64 = 0
    private var turn = 0
    private var interval = Span(nanoseconds: 0)
    private var arrivalsEnd = Instant(nanoseconds: 0)
    private var isTellingLoad: Bool
    /// Requests that a working server works on at once.
    var parallel = 1_000

    // What the tests look at.
    private(set) var answered = 0
    private(set) var answersBySecond: [Int] = []
    private(set) var doubleAnswers = 0
    private(set) var attempts: [[Instant]] = []
    private(set) var answersAt: [[Instant]] = []
    private(set) var told: [(at: Instant, server: ServerID, change: ServerChange)] = []
    private(set) var redispatched = 0
    private(set) var hedged = 0
    private(set) var readings = 0

    init(servers: Int, policy: FleetPolicy = FleetPolicy(), tellsLoad: Bool = false, seed: UInt64 = 1) {
        fleet = ServerFleet(policy: policy)
        jitter = SeededGenerator(seed: seed)
        isTellingLoad = tellsLoad
        for _ in 0..<servers { addServer() }
        schedule(.tick, after: .milliseconds(50))
        perform()
    }

    var calls: Int { Int(lastCall) }

    mutating func addServer(_ behaviour: Behaviour = .working(.milliseconds(50))) {
        ids.append(fleet.add("http://s\(ids.count)"))
        behaviours.append(behaviour)
        epochs.append(0)
        attempts.append([])
        answersAt.append([])
    }

    mutating func drain(_ server: Int) {
        fleet.drain(ids[server], at: now)
        perform()
    }

    mutating func remove(_ server: Int) {
        fleet.remove(ids[server])
        perform()
    }

    mutating func change(_ server: Int, to behaviour: Behaviour, atSecond second: Double) {
        schedule(.change(server: server, behaviour), at: Instant(nanoseconds: 0) + .seconds(second))
    }

    /// Lets calls arrive at a steady rate until then.
    mutating func arrive(perSecond rate: Double, untilSecond second: Double) {
        interval = .seconds(1 / rate)
        arrivalsEnd = Instant(nanoseconds: 0) + .seconds(second)
        schedule(.arrival, after: interval)
    }

    /// Lets so many calls arrive at once.
    mutating func burst(_ count: Int) {
        for _ in 0..<count { begin() }
        settle()
    }

    mutating func run(untilSecond second: Double) {
        let end = Instant(nanoseconds: 0) + .seconds(second)
        while let next = events.first, next.at <= end {
            events.removeFirst()
            now = next.at
            handle(next.event)
            settle()
        }
        now = end
    }

    /// Whether every flight is known to both sides, and each server's count is right.
    var isConsistent: Bool {
        fleet.inFlight == flights.count
            && fleet.statuses(at: now).allSatisfy { status in
                status.inFlight == flights.values.filter { ids[$0.server] == status.server }.count
            }
            && open.allSatisfy { $0.value.allSatisfy { flights[$0] != nil } }
    }

    // MARK: what happens

    private mutating func handle(_ event: Event) {
        switch event {
        case .arrival:
            begin()
            if now < arrivalsEnd { schedule(.arrival, after: interval) }
        case .end(let flight, let reply, let epoch):
            if let server = flights[flight]?.server, epochs[server] == epoch { end(flight, reply) }
        case .probeEnd(let server, let kind, let fault):
            if let fault {
                fleet.probeFailed(server, fault, at: now)
            } else if kind == .full {
                fleet.probed(server, ServerFacts(models: [ServedModel("m")], tellsLoad: isTellingLoad), at: now)
            } else {
                fleet.healthAnswered(server, at: now)
            }
        case .loadEnd(let server, let load): fleet.loadRead(server, load, at: now)
        case .retry(let call): if open[call] != nil { waiting.append(call) }
        case .tick:
            fleet.tick(waiting: waiting.count, at: now)
            schedule(.tick, after: .milliseconds(50))
        case .change(let server, let behaviour): become(server, behaviour)
        }
    }

    private mutating func begin() {
        lastCall += 1
        open[lastCall] = []
        waiting.append(lastCall)
    }

    private mutating func end(_ number: UInt64, _ reply: ReplyKind) {
        guard let flight = flights.removeValue(forKey: number) else { return }
        fleet.ended(number, reply, at: now)
        guard open[flight.call] != nil else {
            doubleAnswers += 1
            return
        }
        open[flight.call]?.remove(number)
        if reply == .answered {
            answered += 1
            answersAt[flight.server].append(now)
            let second = Int(now.seconds)
            while answersBySecond.count <= second { answersBySecond.append(0) }
            answersBySecond[second] += 1
            for other in open.removeValue(forKey: flight.call) ?? [] {
                flights[other] = nil
                fleet.ended(other, .cancelled, at: now)
            }
        } else if open[flight.call]?.isEmpty == true {
            if fleet.mayRetry(at: now) {
                waiting.append(flight.call)
            } else {
                schedule(.retry(call: flight.call), after: .milliseconds(100))
            }
        }
    }

    private mutating func become(_ server: Int, _ behaviour: Behaviour) {
        behaviours[server] = behaviour
        epochs[server] += 1
        let held = flights.filter { $0.value.server == server }.map(\.key).sorted()
        switch behaviour {
        case .gone: plan(held, .lost, after: .milliseconds(1))
        case .failing: plan(held, .failed, after: .milliseconds(1))
        case .working: plan(held, .answered, after: .milliseconds(1))
        case .refusing: plan(held, .answered, after: .milliseconds(50))
        case .hanging, .busyWithItself: break
        }
    }

    private mutating func plan(_ held: [UInt64], _ reply: ReplyKind, after span: Span) {
        for number in held {
            guard let server = flights[number]?.server else { continue }
            schedule(.end(flight: number, reply, epoch: epochs[server]), after: span)
        }
    }

    // MARK: what the driver does

    private mutating func settle() {
        perform()
        while !waiting.isEmpty {
            let rooms = fleet.rooms(serving: "m", at: now).filter { $0.free > 0 }
            guard !rooms.isEmpty else { break }
            // In turn: so that a bad server gets as much as it may.
            turn += 1
            send(waiting.removeFirst(), to: rooms[turn % rooms.count].server)
        }
        perform()
    }

    private mutating func send(_ call: UInt64, to id: ServerID, isHedge: Bool = false) {
        guard let server = ids.firstIndex(of: id) else { preconditionFailure("an unknown server was told") }
        lastFlight += 1
        fleet.dispatched(
            flight: lastFlight, call: call, on: id, model: "m", answerTokens: 1, isHedge: isHedge, at: now)
        open[call]?.insert(lastFlight)
        flights[lastFlight] = Flight(call: call, server: server, sentAt: now)
        attempts[server].append(now)
        let number = lastFlight
        switch behaviours[server] {
        case .working(let span):
            let held = flights.values.filter { $0.server == server }.count
            let rounds = UInt64((held + parallel - 1) / parallel)
            let spread = jitter.next() % max(1, span.nanoseconds / 5)
            plan([number], .answered, after: Span(nanoseconds: span.nanoseconds * rounds + spread))
        case .hanging, .busyWithItself: break
        case .failing: plan([number], .failed, after: .milliseconds(1))
        case .gone: plan([number], .unreachable, after: .milliseconds(1))
        case .refusing(let wait): plan([number], .busy(retryAfter: wait), after: .milliseconds(1))
        }
    }

    private mutating func perform() {
        for action in fleet.takeActions() {
            switch action {
            case .probe(let id, let kind): probe(id, kind)
            case .redispatch(let number, _):
                redispatched += 1
                guard let flight = flights.removeValue(forKey: number) else {
                    preconditionFailure("a flight was sent again that is not under way")
                }
                open[flight.call]?.remove(number)
                if open[flight.call]?.isEmpty == true { waiting.insert(flight.call, at: 0) }
            case .hedge(let number, let server):
                hedged += 1
                if let call = flights[number]?.call { send(call, to: server, isHedge: true) }
            case .readLoad(let id):
                readings += 1
                guard let server = ids.firstIndex(of: id) else { continue }
                let held = flights.values.filter { $0.server == server }.count
                let load = LoadReading(running: min(held, parallel), waiting: max(0, held - parallel), kvUsage: 0.1)
                schedule(.loadEnd(id, load), after: .milliseconds(1))
            case .tell(let id, let change): told.append((now, id, change))
            case .forgetCache: break
            }
        }
    }

    private mutating func probe(_ id: ServerID, _ kind: ProbeKind) {
        guard let server = ids.firstIndex(of: id) else {
            return schedule(.probeEnd(id, kind, nil), after: .milliseconds(1))
        }
        switch behaviours[server] {
        case .working, .failing, .busyWithItself, .refusing:
            schedule(.probeEnd(id, kind, nil), after: .milliseconds(2))
        case .gone: schedule(.probeEnd(id, kind, .unreachable), after: .milliseconds(1))
        case .hanging: schedule(.probeEnd(id, kind, .silent), after: .seconds(2))
        }
    }

    private mutating func schedule(_ event: Event, after span: Span) { schedule(event, at: now + span) }

    private mutating func schedule(_ event: Event, at instant: Instant) {
        order += 1
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if (events[middle].at, events[middle].order) < (instant, order) { low = middle + 1 } else { high = middle }
        }
        events.insert((instant, order, event), at: low)
    }
}

extension Instant {
    /// Seconds since the clock's origin.
    var seconds: Double { since(Instant(nanoseconds: 0)).seconds }
}
