import Support

/// What probes and readings of load bring.
extension ServerFleet {
    /// A full probe found a server that can be used.
    public mutating func probed(_ server: ServerID, _ facts: ServerFacts, at now: Instant) {
        guard let index = index(server) else { return }
        servers[index].isProbing = false
        if servers[index].facts != facts {
            servers[index].facts = facts
            servers[index].window.told(slots: facts.slots)
        }
        proven(index, at: now)
    }

    /// A server that was asked for its health gave some HTTP reply.
    public mutating func healthAnswered(_ server: ServerID, at now: Instant) {
        guard let index = index(server) else { return }
        servers[index].isProbing = false
        proven(index, at: now)
    }

    /// A probe found no server that can be used.
    public mutating func probeFailed(_ server: ServerID, _ fault: ProbeFault, at now: Instant) {
        guard let index = index(server) else { return }
        servers[index].isProbing = false
        let before = servers[index].breaker.cause
        let wasClosed = servers[index].breaker.state == .closed
        let wasInUse = servers[index].breaker.isInUse
        servers[index].breaker.probeFailed(fault, at: now)
        // A question apart from the breaker's is asked again later.
        if wasInUse, servers[index].breaker.isInUse {
            servers[index].wantsProbe = true
            servers[index].probeNotBefore = now + policy.misconfiguredPause
        }
        follow(index, wasClosed: wasClosed, before: before, at: now)
        removeIfDrained(server)
    }

    /// Asks a server for its models and slots again, as after an adapter was loaded.
    public mutating func askAgain(_ server: ServerID) {
        guard let index = index(server) else { return }
        servers[index].wantsProbe = true
        servers[index].probeNotBefore = Instant(nanoseconds: 0)
    }

    /// What a server serves was learnt beside a probe. It says nothing of the server's standing.
    public mutating func told(_ server: ServerID, _ facts: ServerFacts) {
        guard let index = index(server), servers[index].facts != facts else { return }
        servers[index].facts = facts
        servers[index].window.told(slots: facts.slots)
    }

    /// A server's load was read.
    public mutating func loadRead(_ server: ServerID, _ load: LoadReading, at now: Instant) {
        guard let index = index(server) else { return }
        servers[index].isReadingLoad = false
        servers[index].load = load
        if load.waiting != nil { servers[index].loadReadAt = now }
        servers[index].window.read(load)
    }

    /// A server's load could not be read; answer times decide about its window meanwhile.
    public mutating func loadUnread(_ server: ServerID) {
        guard let index = index(server) else { return }
        servers[index].isReadingLoad = false
    }

    private mutating func proven(_ index: Int, at now: Instant) {
        let before = servers[index].breaker.cause
        let wasClosed = servers[index].breaker.state == .closed
        let kept = servers[index].keptFlights
        let isSlow = servers[index].breaker.state == .probing(.silent)
        servers[index].breaker.probed(kept: kept)
        if isSlow {
            // It lives: the next silence may last longer before it is suspect.
            servers[index].patience = min(servers[index].patience * 2, 16)
            servers[index].quiet.brought(at: now)
            tell(index, .slow)
            if kept {
                servers[index].window.halve()
                servers[index].keptFlights = false
                return
            }
        }
        follow(index, wasClosed: wasClosed, before: before, at: now)
    }
}
