import Support

/// What time brings.
extension ServerFleet {
    /// Looks at everything that only time changes: probes that are due, servers that bring nothing, readings of load,
    /// hedges. Call it at least ten times a second.
    /// - Parameter waiting: calls that wait for a server; hedges need idle ones.
    public mutating func tick(waiting: Int, at now: Instant) {
        times.refresh()
        for index in servers.indices {
            tidy(index, at: now)
            probeIfDue(index, at: now)
            watch(index, at: now)
            readLoadIfDue(index, at: now)
        }
        if waiting == 0 { hedgeTail(at: now) }
        // A server that was drained of its last flight by what happened above.
        for server in servers.filter(\.isDraining).map(\.id) { removeIfDrained(server) }
    }

    private mutating func tidy(_ index: Int, at now: Instant) {
        if !servers[index].failureLoad.isEmpty { servers[index].failureLoad.removeAll { $0 <= now } }
        for answers in AnswerClass.all {
            guard servers[index].lines[answers.index].length > 2 * servers[index].inFlight + 64 else { continue }
            servers[index].lines[answers.index].compact { flights[$0] != nil }
        }
    }

    private mutating func probeIfDue(_ index: Int, at now: Instant) {
        guard !servers[index].isProbing else { return }
        if case .unproven = servers[index].breaker.state { return probe(index, .full) }
        if let kind = servers[index].breaker.due(at: now) { return probe(index, kind) }
        guard servers[index].wantsProbe, servers[index].probeNotBefore <= now, servers[index].breaker.isInUse else {
            return
        }
        probe(index, .full)
    }

    // MARK: silence

    /// Suspects a server that has brought nothing for longer than what it holds can explain.
    private mutating func watch(_ index: Int, at now: Instant) {
        guard servers[index].inFlight > 0 else { return }
        for answers in AnswerClass.all {
            let line = servers[index].lines[answers.index]
            guard !line.rest.isEmpty, let oldest = oldest(index, answers), let flight = flights[oldest] else {
                continue
            }
            let limit = times.quietLimit(answers)
            let patience = Span(nanoseconds: limit.nanoseconds * servers[index].patience)
            // That a count takes long says nothing of the model, and answers are not sent again for it.
            let isTelling = answers != .tokenizer
            if isTelling, servers[index].quiet.exceeds(patience, oldest: flight.sentAt, at: now) {
                return suspect(index, at: now)
            }
            let age = now.since(flight.sentAt)
            if age > Span(nanoseconds: patience.nanoseconds * 4), hasOther(for: flight, at: now), retries.spend(at: now)
            {
                redispatch(oldest, because: .overdue)
            }
        }
    }

    private mutating func oldest(_ index: Int, _ answers: AnswerClass) -> UInt64? {
        servers[index].lines[answers.index].first { flights[$0] != nil }
    }

    private mutating func suspect(_ index: Int, at now: Instant) {
        let before = servers[index].breaker.cause
        let wasClosed = servers[index].breaker.state == .closed
        servers[index].breaker.silent(at: now)
        // Sending its calls again helps only where somebody else can take them. A lone server that compiles for two
        // minutes keeps them and answers in the end.
        let held = AnswerClass.all.flatMap { servers[index].lines[$0.index].rest }.compactMap { flights[$0] }
        let movable = held.allSatisfy { hasOther(for: $0, at: now) }
        servers[index].keptFlights = !movable
        if movable { takeBack(index, because: .silent) }
        follow(index, wasClosed: wasClosed, before: before, at: now)
    }

    private func hasOther(for flight: FleetFlight, at now: Instant) -> Bool {
        servers.contains { $0.id != flight.server && $0.isUsable(at: now) && $0.facts?.serves(flight.model) == true }
    }

    // MARK: load

    private mutating func readLoadIfDue(_ index: Int, at now: Instant) {
        let server = servers[index]
        guard server.facts?.tellsLoad == true, !server.isReadingLoad, server.inFlight > 0 else { return }
        if let asked = server.loadAskedAt, now.since(asked) < policy.loadInterval { return }
        servers[index].isReadingLoad = true
        servers[index].loadAskedAt = now
        act(.readLoad(server.id))
    }

    // MARK: hedges

    /// Sends what is left in the tail a second time, to the emptiest other server.
    private mutating func hedgeTail(at now: Instant) {
        guard policy.hedgePercent > 0, servers.count > 1 else { return }
        var added: [ServerID: Int] = [:]
        for index in servers.indices where servers[index].inFlight > 0 {
            for answers in AnswerClass.all {
                guard let tail = times.known(answers)?.tail else { continue }
                for number in servers[index].lines[answers.index].rest {
                    guard let flight = flights[number] else { continue }
                    guard now.since(flight.sentAt) > tail else { break }
                    guard !flight.isHedged else { continue }
                    // Before the search through all servers: mostly there is none left.
                    guard hedges.isAnyLeft(at: now) else { return }
                    guard let other = emptiest(besides: flight, added, at: now) else { continue }
                    guard hedges.spend(at: now) else { return }
                    flights[number]?.isHedged = true
                    added[other, default: 0] += 1
                    act(.hedge(flight: number, on: other))
                }
            }
        }
    }

    private func emptiest(besides flight: FleetFlight, _ added: [ServerID: Int], at now: Instant) -> ServerID? {
        var best: (server: ServerID, free: Int)?
        for server in servers where server.id != flight.server && server.isUsable(at: now) {
            guard server.facts?.serves(flight.model) == true, let room = server.room(at: now) else { continue }
            let free = room.free - added[server.id, default: 0]
            if free > best?.free ?? 0 { best = (server.id, free) }
        }
        return best?.server
    }
}
