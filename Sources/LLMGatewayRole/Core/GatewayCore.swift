import Curl
import Hashing
import JSON
import Model
import Support
import Wire

/// The gateway's logic: what comes in changes it and leaves actions for the driver. Knows no socket and no clock.
///
/// A call has one way: queue, server, and back to the queue after each try that brought no answer, until there is
/// an answer that holds, every allowed attempt was rejected, or its time is up. Only the first two are outcomes.
struct GatewayCore<Asker> {
    typealias Call = PendingCall<Asker>

    let limits: GatewayLimits
    private(set) var pool: BackendPool
    private(set) var queue: RequestQueue
    private(set) var memo: IdentityMemo
    private(set) var counters = GatewayCounters()
    private var calls: [UInt64: Call] = [:]
    private var flights: [UInt64: UInt64] = [:]
    /// Calls in order of their deadlines, which is the order of their arrival.
    private var deadlines = FirstInFirstOut<UInt64>()
    private var describing: [Asker] = []
    private var lastNumber: UInt64 = 0
    private var writer = ChatRequestWriter()
    private var actions: [GatewayAction<Asker>] = []

    init(pool: BackendPool, limits: GatewayLimits) {
        self.pool = pool
        self.limits = limits
        queue = RequestQueue(limit: limits.queueBytes)
        memo = IdentityMemo(limit: limits.memoBytes)
    }

    /// Takes the actions that have come up.
    mutating func takeActions() -> [GatewayAction<Asker>] {
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// Calls that have no outcome yet.
    var open: Int { calls.count }

    // MARK: requests

    /// Starts probing every server.
    mutating func start() {
        for backend in pool.backends.indices { probe(backend, after: Span(nanoseconds: 0)) }
    }

    /// A request for an answer.
    mutating func complete(_ request: Complete, from asker: Asker, at now: Instant) {
        counters.asked += 1
        let key = CallKey(run: request.run, call: request.call, request: request.spec.requestHash)
        switch memo.entry(key) {
        case .kept(let outcome, _):
            counters.remembered += 1
            actions.append(.reply(asker, .completed(outcome)))
        case .pending(let number):
            counters.joined += 1
            calls[number]?.askers.append(asker)
        case nil:
            begin(request, key, from: asker, at: now)
        }
    }

    /// These calls' outcomes are durable.
    mutating func release(_ released: ReleaseOutcomes) {
        for call in released.calls { memo.release(call, of: released.run) }
    }

    /// A question about the servers; answered when each was probed once.
    mutating func describe(to asker: Asker) {
        guard pool.isProbed else { return describing.append(asker) }
        actions.append(.reply(asker, description()))
    }

    private mutating func begin(_ request: Complete, _ key: CallKey, from asker: Asker, at now: Instant) {
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
        let size = request.spec.messages.reduce(256) { sum, message in
            message.segments.reduce(sum) { $0 + $1.utf8.count }
        }
        if let problem = pool.misconfiguration { return actions.append(.reply(asker, .failed(problem))) }
        guard queue.reserve(size) else {
            counters.refused += 1
            return fail(
                asker, .overloaded, "the queue is full: \(queue.count) calls, \(queue.bytes) bytes",
                advice: "ask again later, or raise --queue-bytes")
        }
        lastNumber += 1
        let call = Call(
            number: lastNumber, key: key, request: request, bytes: size, deadline: now + limits.deadline, asker: asker)
        calls[call.number] = call
        memo.begin(key, as: call.number)
        deadlines.append(call.number)
        queue.append(call.number, to: request.call.number == 0 ? .opening : .continuing)
    }

    // MARK: the way of a call

    /// Sends what the servers have room for. Call it after each batch of changes.
    mutating func dispatch(at now: Instant) {
        while queue.count > 0, let backend = pool.dispatch(at: now) {
            guard let call = nextQueued(), let profile = pool.backends[backend].profile else {
                pool.undispatch(backend)
                return
            }
            lastNumber += 1
            call.place = .flying(lastNumber, backend: backend)
            queue.release(call.bytes)
            flights[lastNumber] = call.number
            counters.sent += 1
            let left = call.deadline.since(now)
            actions.append(
                .send(
                    Flight(
                        number: lastNumber, backend: backend, call: call.request.call,
                        body: writer.body(call.request.spec, seed: call.request.seeds[call.attempt], profile: profile),
                        timeout: min(limits.requestTimeout, left))))
        }
    }

    /// An attempt came back.
    mutating func finished(flight: UInt64, _ result: Result<HTTPResponse, HTTPFailure>, at now: Instant) {
        guard let number = flights.removeValue(forKey: flight), let call = calls[number],
            case .flying(flight, let backend) = call.place
        else { return }
        pool.finished(backend)
        let reading = ReplyReading.read(result)
        note(result, reading, of: backend, at: now)
        switch reading {
        case .answer(let reply): judge(reply, of: call, at: now)
        case .again(_, let retryAfter, let reason): rest(call, retryAfter: retryAfter, reason: reason)
        case .wantsTokenLimit(let field):
            pool.learn(backend, field)
            call.limitChanges += 1
            guard call.limitChanges <= 2 else {
                return finish(call, answer: nil, rejection: "the server takes neither field for the length of answers")
            }
            requeue(call, reserve: true)
        case .refused(let reason): finish(call, answer: nil, rejection: reason)
        case .misconfigured(let what, let advice):
            giveUp(call, Problem(.misconfigured, "\(pool.backends[backend].url): \(what)", advice: advice))
        }
    }

    /// A call has waited long enough for its next try.
    mutating func retryDue(call number: UInt64) {
        guard let call = calls[number], call.place == .resting else { return }
        requeue(call, reserve: false)
    }

    /// Ends the calls whose time is up. Call it a few times a second.
    mutating func expire(at now: Instant) {
        while let number = deadlines.first {
            if let call = calls[number] {
                guard call.deadline <= now else { return }
                expire(call)
            }
            _ = deadlines.popFirst()
        }
    }

    private mutating func nextQueued() -> Call? {
        while let number = queue.popFirst() {
            if let call = calls[number], call.place == .queued { return call }
        }
        return nil
    }

    private mutating func judge(_ reply: ChatCompletionReply, of call: Call, at now: Instant) {
        call.count(promptTokens: reply.promptTokens, completionTokens: reply.completionTokens)
        if let model = reply.model { call.model = model }
        switch AnswerCheck.verdict(reply.content, constraint: call.request.spec.constraint) {
        case .accepted(let answer): finish(call, answer: answer, rejection: "")
        case .rejected(let reason):
            counters.rejected += 1
            call.rejected.append(
                RejectedAttempt(
                    attempt: UInt32(call.attempt), reason: reason,
                    answer: ReplyReading.bounded(reply.content ?? "", bytes: limits.rejectedBytes)))
            call.attempt += 1
            guard call.attempt < min(limits.maxAttempts, call.request.seeds.count) else {
                return finish(call, answer: nil, rejection: reason)
            }
            requeue(call, reserve: true)
        }
    }

    private mutating func rest(_ call: Call, retryAfter: Span?, reason: String) {
        counters.retried += 1
        // The jitter spreads requests over time; nothing else follows from it.
        var jitter = SeededGenerator(seed: call.request.seeds[call.attempt] &+ UInt64(call.retries))
        let wait = limits.retry.delay(retry: call.retries, jitter: jitter.next(), retryAfter: retryAfter)
        call.retries += 1
        call.lastTrouble = reason
        call.place = .resting
        queue.takeBack(call.bytes)
        actions.append(.wake(call: call.number, after: wait))
    }

    private mutating func requeue(_ call: Call, reserve: Bool) {
        if reserve { queue.takeBack(call.bytes) }
        call.place = .queued
        queue.append(call.number, to: .returning)
    }

    private mutating func expire(_ call: Call) {
        counters.expired += 1
        let trouble = call.lastTrouble.isEmpty ? "no server had room for it" : "last: \(call.lastTrouble)"
        giveUp(
            call,
            Problem(
                .unavailable, "no answer within \(Int(limits.deadline.seconds)) s; \(trouble)",
                advice: pool.isAnyWorking ? "ask again" : "start the model server"))
    }

    /// Ends a call without an outcome.
    private mutating func giveUp(_ call: Call, _ problem: Problem) {
        leave(call)
        memo.abandon(call.key)
        for asker in call.askers { actions.append(.reply(asker, .failed(problem))) }
    }

    private mutating func finish(_ call: Call, answer: String?, rejection: String) {
        leave(call)
        if answer == nil { counters.failed += 1 } else { counters.answered += 1 }
        let outcome = call.outcome(answer: answer, rejection: rejection)
        memo.keep(call.key, outcome)
        for asker in call.askers { actions.append(.reply(asker, .completed(outcome))) }
    }

    /// Takes a call out of wherever it is.
    private mutating func leave(_ call: Call) {
        calls[call.number] = nil
        switch call.place {
        case .queued, .resting: queue.release(call.bytes)
        case .flying(let flight, let backend):
            // Gone from the table when its reply is what ends the call.
            guard flights.removeValue(forKey: flight) != nil else { return }
            pool.finished(backend)
            actions.append(.cancel(flight: flight))
        }
    }

    private mutating func fail(_ asker: Asker, _ code: Problem.Code, _ what: String, advice: String = "") {
        actions.append(.reply(asker, .failed(Problem(code, what, advice: advice))))
    }

    // MARK: servers

    /// A probe came back.
    mutating func probed(_ backend: Int, _ result: Result<BackendProfile, ProbeFailure>) {
        pool.probed(backend, result)
        if pool.backends[backend].problem != nil {
            let failed = pool.backends[backend].probesFailed
            var jitter = SeededGenerator(seed: UInt64(backend) << 32 | UInt64(failed))
            probe(backend, after: limits.probe.delay(retry: failed - 1, jitter: jitter.next()))
        }
        guard pool.isProbed else { return }
        for asker in describing { actions.append(.reply(asker, description())) }
        describing = []
        guard let problem = pool.misconfiguration else { return }
        for number in calls.keys.sorted() {
            if let call = calls[number] { giveUp(call, problem) }
        }
    }

    private mutating func note(
        _ result: Result<HTTPResponse, HTTPFailure>, _ reading: ReplyReading, of backend: Int, at now: Instant
    ) {
        switch (result, reading) {
        case (.failure(.shutDown), _): return
        case (.failure(let failure), .again):
            if pool.updateHealth(backend, { $0.lost(failure) }) { probe(backend, after: Span(nanoseconds: 0)) }
        case (_, .again(true, let retryAfter, _)):
            let wait = limits.retry.honoured(retryAfter)
            pool.updateHealth(backend) { $0.refused(retryAfter: wait, at: now) }
        default: pool.updateHealth(backend) { $0.answered() }
        }
    }

    private mutating func probe(_ backend: Int, after span: Span) {
        if pool.beginProbe(backend) { actions.append(.probe(backend: backend, after: span)) }
    }

    private func description() -> GatewayReply {
        if let problem = pool.firstMisconfiguration ?? pool.unavailability { return .failed(problem) }
        return .described(pool.descriptions)
    }
}
