import Curl
import GatewayLogic
import Hashing
import JSON
import Model
import Support
import Wire

/// The way of a call: queue, servers, answer.
extension GatewayCore {
    /// Begins the call's present attempt: by an answer that is known, behind another call that asks the same, or in the
    /// queue. Its bytes are counted already.
    mutating func start(_ call: Call, lane: WaitingCall.Lane, at now: Instant) {
        if let work = call.work, call.leads != work {
            switch shared.entry(work) {
            case .known(let reply):
                counters.shared += 1
                queue.release(call.bytes)
                call.place = .flying([])
                return judge(reply, isPaid: false, of: call, at: now)
            case .led(let leader): if follow(leader, by: call, work) { return }
            case nil: break
            }
            shared.lead(work, by: call.number)
            call.leads = work
        }
        call.place = .queued
        queue.enqueue(
            call.waiting(lane), weight: Int(call.request.terms.weight),
            inFlightLimit: Int(clamping: call.request.terms.inFlight), at: now)
    }

    /// Sends what the servers have room for. Call it after each batch of changes.
    mutating func dispatch(at now: Instant) {
        while fill(at: now) {}
    }

    /// Fills the servers' rooms. Returns whether to do so again: a call went another way and left its room unused.
    private mutating func fill(at now: Instant) -> Bool {
        guard queue.count > 0 else { return false }
        var rooms = fleet.rooms(at: now)
        let standard = model ?? ""
        while let assignment = queue.next(
            rooms: &rooms, at: now, serves: { fleet.serves($0, $1.isEmpty ? standard : $1) })
        {
            guard let call = calls[assignment.call] else {
                queue.ended(assignment)
                continue
            }
            queue.release(call.bytes)
            call.place = .flying([])
            guard !call.isCount || book.counts(assignment.server) else {
                queue.ended(assignment)
                countElsewhere(call, at: now)
                return true
            }
            guard call.reading != .decision || book.decides(assignment.server, among: call.choices) else {
                queue.ended(assignment)
                unreadable(call, by: .decision, because: "the server reads no decisions", others: [], at: now)
                return true
            }
            send(call, assignment, isHedge: false, at: now)
        }
        return false
    }

    mutating func send(_ call: Call, _ assignment: Assignment, isHedge: Bool, at now: Instant) {
        guard let profile = book.profile(assignment.server), case .flying(let others) = call.place else {
            preconditionFailure("a call goes to a server that was never probed")
        }
        let number = nextNumber()
        let spec = call.request.spec
        let named = spec.model.isEmpty ? model ?? profile.model : spec.model
        call.place = .flying(others + [number])
        let left = call.deadline.since(now)
        flights[number] = Flying(
            call: call.number, assignment: assignment, reading: call.reading, isCount: call.isCount, since: now,
            isCutShort: left < limits.requestTimeout)
        fleet.dispatched(
            flight: number, call: call.number, on: assignment.server, model: named,
            answerTokens: call.answerTokens, isCount: call.isCount, isHedge: isHedge, at: now)
        counters.sent += 1
        let (path, body) = request(of: call, model: named, profile: profile)
        act(
            .send(
                Flight(
                    number: number, server: assignment.server, call: call.request.call, path: path, body: body,
                    timeout: min(limits.requestTimeout, left))))
    }

    /// An attempt came back.
    mutating func finished(flight: UInt64, _ result: Result<HTTPResponse, HTTPFailure>, at now: Instant) {
        guard let flying = flights.removeValue(forKey: flight) else { return }
        times.attempt.observe(now.since(flying.since).seconds)
        let server = flying.assignment.server
        queue.ended(flying.assignment)
        let reading =
            flying.isCount ? ReplyReading.readCount(result) : ReplyReading.read(result, by: flying.reading)
        // That a call came late to a server says nothing of the server.
        let isOurs = flying.isCutShort && result == .failure(.timeout)
        fleet.ended(flight, isOurs ? .cancelled : reading.kind(of: result), at: now)
        if let call = calls[flying.call], case .flying(var others) = call.place {
            others.removeAll { $0 == flight }
            call.place = .flying(others)
            take(reading, of: call, from: server, others: others, at: now)
        }
        if case .misconfigured(let what, let advice) = reading { mark(server, what, advice, at: now) }
        follow(at: now)
    }

    private mutating func take(
        _ reading: ReplyReading, of call: Call, from server: ServerID, others: [UInt64], at now: Instant
    ) {
        switch reading {
        case .answer(var reply):
            // A server that takes adapters as a field of their own tells the base model's name.
            if book.profile(server)?.adapters[call.request.spec.model] != nil { reply.model = call.request.spec.model }
            if call.isCount { reply.model = call.request.spec.model.isEmpty ? model : call.request.spec.model }
            for other in others { cancelFlight(other, at: now) }
            if let work = call.leads { shared.remember(work, reply, at: now) }
            call.leads = nil
            let followers = takeFollowers(of: call)
            judge(reply, isPaid: true, of: call, at: now)
            for follower in followers {
                counters.shared += 1
                queue.release(follower.bytes)
                follower.place = .flying([])
                judge(reply, isPaid: false, of: follower, at: now)
            }
        case .refused(let reason):
            if let way = call.reading { return unreadable(call, by: way, because: reason, others: others, at: now) }
            for other in others { cancelFlight(other, at: now) }
            refuse(call, reason, at: now)
        case .readsNoDecisions(let reason):
            book.learnNoDecisions(server)
            unreadable(call, by: .decision, because: reason, others: others, at: now)
        case .countsNoTokens(let reason):
            book.learnNoCounts(server)
            call.lastTrouble = reason
            if others.isEmpty { tryAgain(call, isBusy: false, at: now) }
        case .wantsTokenLimit(let field):
            book.learn(server, field)
            call.limitChanges[server, default: 0] += 1
            guard call.limitChanges[server, default: 0] <= 2 else {
                for other in others { cancelFlight(other, at: now) }
                return refuse(call, "the server takes neither field for the length of answers", at: now)
            }
            if others.isEmpty { requeue(call, at: now) }
        case .again(let isBusy, _, let reason):
            call.lastTrouble = reason
            if others.isEmpty { tryAgain(call, isBusy: isBusy, at: now) }
        case .misconfigured(let what, _):
            call.lastTrouble = what
            if others.isEmpty { tryAgain(call, isBusy: false, at: now) }
        }
    }

    /// Ends a call that no server will answer, and all that ask the same.
    private mutating func refuse(_ call: Call, _ reason: String, at now: Instant) {
        let followers = takeFollowers(of: call)
        for call in [call] + followers { finish(call, answer: nil, rejection: reason, at: now) }
    }

    private mutating func judge(_ reply: ChatCompletionReply, isPaid: Bool, of call: Call, at now: Instant) {
        // What another call paid for is not counted twice.
        if isPaid { call.count(promptTokens: reply.promptTokens, completionTokens: reply.completionTokens) }
        if let model = reply.model { call.model = model }
        if let way = call.reading { return draw(from: reply, of: call, by: way, at: now) }
        switch AnswerCheck.verdict(reply.content, constraint: call.request.spec.constraint) {
        case .accepted(let answer): finish(call, answer: answer, rejection: "", at: now)
        case .rejected(let reason):
            counters.rejected += 1
            call.rejected.append(
                RejectedAttempt(
                    attempt: UInt32(call.attempt), reason: reason,
                    answer: ReplyReading.bounded(reply.content ?? "", bytes: limits.rejectedBytes)))
            call.attempt += 1
            guard call.attempt < min(limits.maxAttempts, call.request.seeds.count) else {
                return finish(call, answer: nil, rejection: reason, at: now)
            }
            requeue(call, at: now)
        }
    }

    // MARK: again

    /// Another try of the same attempt: at once where it was a single mishap, else after a rest.
    mutating func tryAgain(_ call: Call, isBusy: Bool, at now: Instant) {
        counters.retried += 1
        let isAllowed = fleet.mayRetry(at: now)
        // The jitter spreads requests over time; nothing else follows from it.
        var jitter = SeededGenerator(seed: call.request.seeds[call.attempt] &+ UInt64(call.retries))
        let retry = isAllowed ? call.retries : max(call.retries, 6)
        call.retries += 1
        if isAllowed, !isBusy, call.retries == 1 { return requeue(call, at: now) }
        call.place = .resting
        queue.takeBack(call.bytes)
        act(.wake(call: call.number, after: limits.retry.delay(retry: retry, jitter: jitter.next())))
    }

    private mutating func requeue(_ call: Call, at now: Instant) {
        queue.takeBack(call.bytes)
        start(call, lane: .returning, at: now)
    }

    /// A call has waited long enough for its next try.
    mutating func retryDue(call number: UInt64, at now: Instant) {
        guard let call = calls[number], call.place == .resting else { return }
        start(call, lane: .returning, at: now)
    }

    /// A server lets go of a flight: its call waits again, unless it is under way elsewhere, too.
    mutating func redispatch(_ number: UInt64, at now: Instant) {
        guard let flying = flights.removeValue(forKey: number) else { return }
        queue.ended(flying.assignment)
        act(.cancel(flight: number))
        guard let call = calls[flying.call], case .flying(var others) = call.place else { return }
        counters.redispatched += 1
        others.removeAll { $0 == number }
        call.place = .flying(others)
        call.lastTrouble = "its server brought nothing"
        if others.isEmpty { requeue(call, at: now) }
    }

    /// Sends a call that takes long to a second server, where its run may have one more under way.
    mutating func hedge(_ number: UInt64, on server: ServerID, at now: Instant) {
        guard let flying = flights[number], let call = calls[flying.call], case .flying([number]) = call.place,
            !queue.isHeldBack(call.key.run), !call.isCount || book.counts(server)
        else { return }
        counters.hedged += 1
        send(call, queue.assign(call.waiting(.returning), on: server, at: now), isHedge: true, at: now)
    }
}
