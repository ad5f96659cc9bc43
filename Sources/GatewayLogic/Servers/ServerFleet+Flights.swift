import Support

/// Flights: their beginning and their end.
extension ServerFleet {
    /// A request was sent.
    /// - Parameters:
    ///   - flight: its number, never used before.
    ///   - call: the call that it is for.
    ///   - server: a server that `rooms` told, or that a hedge named.
    ///   - model: the model that it names.
    ///   - answerTokens: the longest answer that it allows.
    ///   - isCount: whether the tokenizer answers it, and no model.
    ///   - isHedge: whether an action asked for it as a second one.
    public mutating func dispatched(
        flight: UInt64, call: UInt64, on server: ServerID, model: String, answerTokens: Int, isCount: Bool = false,
        isHedge: Bool = false, at now: Instant
    ) {
        guard let index = index(server) else { preconditionFailure("a request was sent to a server that is gone") }
        precondition(flights[flight] == nil, "a flight was sent twice")
        let answers = isCount ? .tokenizer : AnswerClass(tokens: answerTokens)
        flights[flight] = FleetFlight(
            call: call, server: server, model: model, answers: answers, sentAt: now, isHedged: isHedge)
        servers[index].quiet.dispatched(isFirst: servers[index].inFlight == 0, at: now)
        servers[index].inFlight += 1
        servers[index].counts.dispatched += 1
        servers[index].lines[answers.index].append(flight)
        servers[index].window.dispatched(inFlight: servers[index].inFlight)
        if !isHedge {
            retries.earn()
            hedges.earn()
        }
    }

    /// A flight came to its end. Unknown ones are ignored: they were sent again already.
    public mutating func ended(_ flight: UInt64, _ reply: ReplyKind, at now: Instant) {
        guard let (closed, index) = close(flight) else { return }
        // A tokenizer that answers tells nothing of the model: not that it works, nor how much it can bear.
        let isCount = closed.answers == .tokenizer
        switch reply {
        case .timedOut: break
        case .answered where isCount, .refusedCall where isCount:
            servers[index].quiet.cancelled(
                sentAt: closed.sentAt, isLate: false, isLast: servers[index].inFlight == 0, at: now)
        case .cancelled:
            // One given up in the tail, because its hedge was faster, is no sign of life.
            let isLate = times.known(closed.answers).map { now.since(closed.sentAt) > $0.tail } ?? false
            servers[index].quiet.cancelled(
                sentAt: closed.sentAt, isLate: isLate, isLast: servers[index].inFlight == 0, at: now)
        default: servers[index].quiet.brought(at: now)
        }
        let wasClosed = servers[index].breaker.state == .closed
        let before = servers[index].breaker.cause
        switch reply {
        case .answered where isCount, .refusedCall where isCount:
            servers[index].counts.answered += 1
            times.record(now.since(closed.sentAt), of: closed.answers)
        case .answered: answered(index, closed, at: now)
        case .refusedCall: brought(index, closed)
        case .busy(let retryAfter): pause(index, retryAfter, at: now)
        case .failed: failed(index, closed, at: now)
        case .lost:
            servers[index].counts.lost += 1
            servers[index].breaker.lost(at: now)
        case .unreachable:
            servers[index].counts.lost += 1
            servers[index].breaker.unreachable(at: now)
        case .timedOut:
            servers[index].counts.lost += 1
            servers[index].breaker.silent(at: now)
            // What else it holds may still come; the next silence decides about it.
            servers[index].keptFlights = true
        case .cancelled: servers[index].counts.cancelled += 1
        case .misconfigured(let reason):
            servers[index].counts.failed += 1
            servers[index].breaker.misconfigured(reason, at: now)
        case .lacksModel: strike(index, closed.model, at: now)
        }
        follow(index, wasClosed: wasClosed, before: before, at: now)
        removeIfDrained(closed.server)
    }

    /// Tells what became of a server's breaker, and does what must be done at once.
    mutating func follow(_ index: Int, wasClosed: Bool, before: OutCause?, at now: Instant) {
        let state = servers[index].breaker.state
        if state == .closed, !wasClosed {
            if before == nil || before == .interrupted { servers[index].patience = 1 } else { restart(index) }
            tell(index, .working)
        }
        if let cause = servers[index].breaker.cause, cause != before {
            tell(index, .out(cause))
            // Nobody listens there any more, so that nobody works on what was sent.
            if cause == .unreachable {
                act(.forgetCache(servers[index].id))
                takeBack(index, because: .serverGone)
            }
        }
        if let kind = servers[index].breaker.due(at: now) { probe(index, kind) }
    }

    private mutating func restart(_ index: Int) { servers[index].window.restart() }

    private mutating func answered(_ index: Int, _ flight: FleetFlight, at now: Instant) {
        let span = now.since(flight.sentAt)
        times.record(span, of: flight.answers)
        let readRecently = servers[index].loadReadAt.map { now.since($0) < .seconds(5) } ?? false
        var hundredths: Int?
        if !readRecently, let short = times.known(flight.answers)?.short, short.nanoseconds > 0 {
            hundredths = Int(min(span.nanoseconds, 1 << 40) * 100 / short.nanoseconds)
        }
        servers[index].window.answered(hundredths: hundredths)
        if span < times.quietLimit(flight.answers) { servers[index].patience = 1 }
        brought(index, flight)
    }

    /// The server does its work, whatever it said.
    private mutating func brought(_ index: Int, _ flight: FleetFlight) {
        servers[index].counts.answered += 1
        servers[index].busyInARow = 0
        servers[index].breaker.answered(sentAt: flight.sentAt)
    }

    private mutating func failed(_ index: Int, _ flight: FleetFlight, at now: Instant) {
        servers[index].counts.failed += 1
        servers[index].breaker.failed(at: now)
        // For about as long as an answer would have taken, so that failing fast attracts nothing.
        let span = times.known(flight.answers)?.median ?? .milliseconds(250)
        servers[index].failureLoad.removeAll { $0 <= now }
        guard servers[index].failureLoad.count < WindowController.most else { return }
        servers[index].failureLoad.append(now + min(span, policy.trialPause))
    }

    private mutating func pause(_ index: Int, _ retryAfter: Span?, at now: Instant) {
        servers[index].counts.busy += 1
        servers[index].busyInARow += 1
        servers[index].window.refused(inFlight: servers[index].inFlight)
        // A single "later" may be the request's own matter, several are the server's.
        let longest = servers[index].busyInARow >= 4 ? policy.longestPause : policy.shortPause
        let own = Span(nanoseconds: 50_000_000 << UInt64(min(servers[index].busyInARow - 1, 5)))
        let until = now + min(retryAfter ?? own, longest)
        servers[index].pausedUntil = max(servers[index].pausedUntil, until)
    }

    /// Requests for the model do not go there before the server has listed it again.
    private mutating func strike(_ index: Int, _ model: String, at now: Instant) {
        servers[index].counts.failed += 1
        servers[index].facts?.models.removeAll { $0.name == model }
        servers[index].wantsProbe = true
        servers[index].probeNotBefore = now + policy.misconfiguredPause
    }
}
