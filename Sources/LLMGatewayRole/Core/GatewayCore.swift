import Curl
import DequeModule
import GatewayLogic
import Hashing
import JSON
import Model
import Support
import Wire

/// The gateway's logic: what comes in changes it and leaves actions for the driver. Knows no socket and no clock.
///
/// A call has one way: queue, server, and back to the queue after each try that brought no answer, until there is
/// an answer that holds, every allowed attempt was rejected, or its time is up. Only the first two are outcomes. Which
/// call goes where is the `Dispatcher`'s to say, and what may be asked of a server the `ServerFleet`'s.
struct GatewayCore<Asker> {
    typealias Call = PendingCall<Asker>

    /// A request at a server.
    struct Flying {
        var call: UInt64
        var assignment: Assignment
        /// How it reads probabilities; nil where it samples an answer.
        var reading: ReadingWay?
        /// Whether it counts tokens.
        var isCount: Bool
        /// When it was sent.
        var since: Instant
        /// Whether the call's time is up before that of a request would be.
        var isCutShort: Bool
    }

    let limits: GatewayLimits
    var fleet: ServerFleet
    var queue: Dispatcher
    var memo: IdentityMemo
    var shared: SharedAnswers
    var book = ServerBook()
    var counters = GatewayCounters()
    var times = GatewayTimes()
    var calls: [UInt64: Call] = [:]
    var flights: [UInt64: Flying] = [:]
    /// Calls without an outcome, by the model that they name.
    private(set) var callsByModel: [String: Int] = [:]
    /// The model of calls that name none: the one that the user named, or that the first server serves.
    var model: String?
    var writer = ChatRequestWriter()
    var readings = ReadingRequestWriter()
    /// Calls in order of their deadlines, which is the order of their arrival.
    private var deadlines = Deque<UInt64>()
    /// Calls whose askers are gone, in the order in which they are given up.
    private var orphans = Deque<(call: UInt64, until: Instant)>()
    private var describing: [Asker] = []
    private var lastNumber: UInt64 = 0
    private var actions: [GatewayAction<Asker>] = []

    init(policy: PlacementPolicy = .prefix, model: String? = nil, limits: GatewayLimits) {
        self.limits = limits
        self.model = model
        fleet = ServerFleet(policy: limits.fleet)
        queue = Dispatcher(policy: policy, limits: limits.queue)
        memo = IdentityMemo(limit: limits.memoBytes, grace: limits.orphanGrace)
        shared = SharedAnswers(limit: limits.sharedBytes, age: limits.sharedAge)
    }

    /// Takes the actions that have come up.
    mutating func takeActions() -> [GatewayAction<Asker>] {
        guard !actions.isEmpty else { return [] }
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    mutating func act(_ action: GatewayAction<Asker>) { actions.append(action) }

    mutating func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    /// Calls that have no outcome yet.
    var open: Int { calls.count }

    // MARK: requests

    /// A request for an answer.
    mutating func complete(_ arrived: ArrivedCall, from asker: Asker, at now: Instant) {
        counters.asked += 1
        switch memo.entry(arrived.key) {
        case .kept(let outcome, _, _):
            counters.remembered += 1
            act(.reply(asker, .completed(outcome)))
        case .pending(let number):
            counters.joined += 1
            calls[number]?.askers.append(asker)
            calls[number]?.orphanedUntil = nil
        case nil:
            begin(arrived, from: asker, at: now)
        }
    }

    /// These calls' outcomes are durable.
    mutating func release(_ released: ReleaseOutcomes, at now: Instant) {
        for call in released.calls { memo.release(call, of: released.run, at: now) }
    }

    /// Nobody will want these calls' answers.
    mutating func cancel(_ cancelled: CancelCalls, at now: Instant) {
        var numbers: [UInt64] = []
        if cancelled.calls.isEmpty {
            numbers = calls.values.filter { $0.key.run == cancelled.run }.map(\.number).sorted()
        } else {
            for call in cancelled.calls { numbers += memo.pending(call, of: cancelled.run) }
        }
        for number in numbers {
            if let call = calls[number] { abandon(call, isStopped: cancelled.calls.isEmpty, at: now) }
        }
    }

    /// Askers are gone. What only they wanted lives on for a while: another may take over and ask for it.
    mutating func lost(at now: Instant, where isGone: (Asker) -> Bool) {
        describing.removeAll(where: isGone)
        let left = calls.values.filter { $0.askers.contains(where: isGone) }
        for call in left.sorted(by: { $0.number < $1.number }) {
            call.askers.removeAll(where: isGone)
            guard call.askers.isEmpty else { continue }
            call.orphanedUntil = now + limits.orphanGrace
            orphans.append((call.number, now + limits.orphanGrace))
        }
    }

    /// A question about the servers; answered when each was probed once.
    mutating func describe(to asker: Asker) {
        guard book.isProbed else { return describing.append(asker) }
        act(.reply(asker, description()))
    }

    /// Answers those who asked about the servers, once there is something to tell.
    mutating func tellDescriptions() {
        guard book.isProbed else { return }
        for asker in describing { act(.reply(asker, description())) }
        describing = []
    }

    private mutating func begin(_ arrived: ArrivedCall, from asker: Asker, at now: Instant) {
        let request = arrived.request
        if case .jsonSchema(let schema) = request.spec.constraint {
            guard let schema = try? JSONValue(parsing: Array(schema.utf8)), schema.objectValue != nil else {
                return fail(asker, .invalid, "the JSON schema is not a JSON object")
            }
            if let obstacle = JSONSchemaCheck.obstacle(in: schema) {
                return fail(
                    asker, .invalid, "the JSON schema is not usable: \(obstacle)",
                    advice: "say it with the keywords that services/llm-gateway/README.md lists")
            }
        }
        if let problem = obstacle(for: request.spec.model) { return act(.reply(asker, .failed(problem))) }
        if request.spec.kind == .count, book.isProbed, book.isAnyProfiled, !book.isAnyCounting {
            return act(.reply(asker, .failed(Self.noCount)))
        }
        if let refusal = queue.reserve(arrived.bytes) {
            counters.refused += 1
            let wait = refusal.wait.map { "; about \(Int($0.seconds.rounded(.up))) s until they are through" } ?? ""
            return fail(
                asker, .overloaded,
                "the queue is full: \(refusal.place) calls wait, \(queue.bytes) bytes\(wait)",
                advice: "ask again later, or raise --queue-bytes")
        }
        let call = Call(arrived, number: nextNumber(), deadline: now + limits.deadline, asker: asker)
        calls[call.number] = call
        callsByModel[request.spec.model, default: 0] += 1
        memo.begin(arrived.key, as: call.number)
        deadlines.append(call.number)
        start(call, lane: request.call.number == 0 ? .opening : .continuing, at: now)
    }

    /// What keeps every server from ever answering calls of the model; "" is the default one.
    func obstacle(for model: String) -> Problem? {
        if let problem = book.misconfiguration { return problem }
        guard !model.isEmpty, book.isProbed, book.isAnyProfiled, !book.serves(model) else { return nil }
        return Problem(
            .misconfigured, "no server has the model '\(model)'",
            advice: "name one of: \(book.models.prefix(5).joined(separator: ", "))")
    }

    private mutating func fail(_ asker: Asker, _ code: Problem.Code, _ what: String, advice: String = "") {
        act(.reply(asker, .failed(Problem(code, what, advice: advice))))
    }

    // MARK: time

    /// Ends what is over and does what is due. Call it a few times a second.
    mutating func tick(at now: Instant) {
        fleet.tick(waiting: queue.count, at: now)
        follow(at: now)
        memo.expire(at: now)
        shared.expire(at: now)
        while let orphan = orphans.first, orphan.until <= now {
            orphans.removeFirst()
            if let call = calls[orphan.call], call.orphanedUntil == orphan.until { abandon(call, at: now) }
        }
        expire(at: now)
    }

    private mutating func expire(at now: Instant) {
        // Many at once look at the servers once.
        var isAnyUsable: Bool?
        while let number = deadlines.first {
            if let call = calls[number] {
                guard call.deadline <= now else { return }
                let isUsable = isAnyUsable ?? fleet.isAnyUsable(at: now)
                isAnyUsable = isUsable
                expire(call, isAnyUsable: isUsable, at: now)
            }
            deadlines.removeFirst()
        }
    }

    private mutating func expire(_ call: Call, isAnyUsable: Bool, at now: Instant) {
        counters.expired += 1
        let trouble = call.lastTrouble.isEmpty ? "no server had room for it" : "last: \(call.lastTrouble)"
        giveUp(
            call,
            Problem(
                .unavailable, "no answer within \(Int(limits.deadline.seconds)) s; \(trouble)",
                advice: isAnyUsable ? "ask again" : "start the model server"), at: now)
    }

    private mutating func abandon(_ call: Call, isStopped: Bool = false, at now: Instant) {
        counters.cancelled += 1
        // Who still asks for a stopped run does not know it yet, and is not to ask again.
        guard !isStopped else {
            return giveUp(call, Problem(.conflict, "the run was stopped", advice: "resume the run"), at: now)
        }
        giveUp(call, Problem(.unavailable, "the call was given up: nobody wanted it", advice: "ask again"), at: now)
    }

    // MARK: ends

    /// Ends a call without an outcome. Those who ask the same go on without it.
    mutating func giveUp(_ call: Call, _ problem: Problem, at now: Instant) {
        leave(call, at: now)
        memo.abandon(call.key)
        for asker in call.askers { act(.reply(asker, .failed(problem))) }
        handOver(from: call, at: now)
    }

    /// Ends a call with its outcome.
    mutating func finish(_ call: Call, answer: String?, rejection: String, at now: Instant) {
        leave(call, at: now)
        if answer == nil { counters.failed += 1 } else { counters.answered += 1 }
        times.ended(answered: answer != nil, deadline: call.deadline, allowed: limits.deadline, at: now)
        let outcome = call.outcome(answer: answer, rejection: rejection)
        memo.keep(call.key, outcome)
        for asker in call.askers { act(.reply(asker, .completed(outcome))) }
        handOver(from: call, at: now)
    }

    /// Takes a call out of wherever it is.
    private mutating func leave(_ call: Call, at now: Instant) {
        calls[call.number] = nil
        let model = call.request.spec.model
        callsByModel[model] = callsByModel[model].flatMap { $0 > 1 ? $0 - 1 : nil }
        switch call.place {
        case .queued:
            queue.remove(call.number)
            queue.release(call.bytes)
        case .resting: queue.release(call.bytes)
        case .following:
            call.group = nil
            queue.release(call.bytes)
        case .flying(let numbers): for number in numbers { cancelFlight(number, at: now) }
        }
        if let work = call.leads {
            shared.abandon(work, by: call.number)
            call.leads = nil
        }
    }

    /// Gives up a flight that is still under way.
    mutating func cancelFlight(_ number: UInt64, at now: Instant) {
        guard let flying = flights.removeValue(forKey: number) else { return }
        queue.ended(flying.assignment)
        fleet.ended(number, .cancelled, at: now)
        act(.cancel(flight: number))
    }
}
