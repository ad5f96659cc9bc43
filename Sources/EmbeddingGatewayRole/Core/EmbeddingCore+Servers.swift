import Curl
import Hashing
import Support
import Wire

/// Servers: which work, and what becomes of what the others hold.
extension EmbeddingCore {
    /// Starts probing every server.
    mutating func start() {
        for server in pool.servers.indices { probe(server, after: Span(nanoseconds: 0)) }
    }

    /// A probe came back.
    mutating func probed(_ server: Int, _ result: Result<EmbeddingProfile, EmbeddingFailure>) {
        pool.probed(server, result)
        if pool.servers[server].problem != nil { probeAgain(server) }
        guard pool.isProbed else { return }
        for asker in describing { answerDescription(asker) }
        describing = []
        if let problem = pool.hopeless { failAll(problem) }
    }

    /// What a reply says about its server.
    mutating func note(
        _ result: Result<HTTPResponse, HTTPFailure>, _ reading: EmbeddingReplyReading, of server: Int, at now: Instant
    ) {
        switch (result, reading) {
        case (.failure(.shutDown), _): return
        case (.failure(let failure), .again):
            guard pool.updateHealth(server, { $0.lost(failure) }) else { return }
            takeBack(from: server, at: now)
            probe(server, after: Span(nanoseconds: 0))
        case (_, .again(_, let retryAfter, _)):
            // Errors count like "later": a server that fails fast must not attract what others would do.
            let wait = limits.retry.honoured(retryAfter)
            pool.updateHealth(server) { $0.refused(retryAfter: wait, at: now) }
        default: pool.updateHealth(server) { $0.answered() }
        }
    }

    /// Takes a server out of use; only a probe brings it back.
    mutating func lose(_ server: Int, _ failure: EmbeddingFailure) {
        pool.refuse(server, failure)
        probeAgain(server)
    }

    /// A server that holds a batch for much longer than usual counts as lost where another one can do the work. What
    /// it holds goes there too, and the first answer counts: it may only have been slow.
    mutating func loseServersThatHang(at now: Instant) {
        for server in pool.servers.indices where pool.servers[server].health.isAvailable(at: now) {
            let overdue = flights.filter {
                $0.value.server == server && $0.value.batch.twin == nil
                    && now.since($0.value.began) > patience(with: server)
            }
            guard !overdue.isEmpty, pool.hasOther(than: server, at: now) else { continue }
            _ = pool.updateHealth(server) { $0.lost(.cannotConnect) }
            probe(server, after: Span(nanoseconds: 0))
            for number in numbers(at: server) where flights[number]?.batch.twin == nil {
                flights[number]?.batch.twin = number
                if let batch = flights[number]?.batch { move(batch, from: server) }
            }
        }
    }

    private func patience(with server: Int) -> Span {
        guard let usual = pool.servers[server].usual else { return limits.firstPatience }
        let (long, overflow) = usual.nanoseconds.multipliedReportingOverflow(by: UInt64(limits.patience))
        return max(limits.shortestPatience, Span(nanoseconds: overflow ? .max : long))
    }

    /// Nothing answers there any more: what it holds goes elsewhere now, not when each connection has timed out.
    private mutating func takeBack(from server: Int, at now: Instant) {
        guard pool.hasOther(than: server, at: now) else { return }
        for number in numbers(at: server) {
            guard let flight = cancel(number, at: now) else { continue }
            move(flight.batch, from: server)
        }
    }

    /// What the same texts are also on their way by is of no use any more.
    mutating func cancelTwins(of batch: Batch, _ number: UInt64, at now: Instant) {
        guard let twin = batch.twin else { return }
        let others = flights.filter { $0.value.batch.twin == twin && $0.value.batch.texts.allSatisfy(\.isDone) }
        for other in others.keys.sorted() { _ = cancel(other, at: now) }
    }

    private mutating func cancel(_ number: UInt64, at now: Instant) -> Flight? {
        guard let flight = flights.removeValue(forKey: number) else { return nil }
        pool.ended(flight.server, texts: nil, after: now.since(flight.began), at: now)
        actions.append(.cancel(number: number))
        return flight
    }

    /// The flights at a server in the order in which they left.
    private func numbers(at server: Int) -> [UInt64] {
        flights.filter { $0.value.server == server }.keys.sorted()
    }

    private mutating func probeAgain(_ server: Int) {
        let failed = max(1, pool.servers[server].probesFailed)
        var jitter = SeededGenerator(seed: UInt64(server) << 32 | UInt64(failed))
        let wait = limits.probe.delay(retry: failed - 1, jitter: jitter.next())
        probe(server, after: wait)
    }

    private mutating func probe(_ server: Int, after span: Span) {
        if pool.beginProbe(server) { actions.append(.probe(server: server, after: span)) }
    }

    /// Answers what stands behind the gateway.
    mutating func answerDescription(_ asker: Asker) {
        switch pool.description {
        case .success(let described): actions.append(.reply(asker, .described(described)))
        case .failure(let problem): actions.append(.reply(asker, .failed(problem)))
        }
    }
}
