import Curl
import Hashing
import Support
import Wire

/// Batches: which leave, and what becomes of them.
extension EmbeddingCore {
    /// Sends what is ready. Call it after each batch of changes.
    mutating func dispatch(at now: Instant) {
        placeReturning(at: now)
        while let server = pool.free(at: now) {
            let most = pool.batchSize(server)
            guard let due = batchDue, waiting.count >= most || waiting.tokens >= limits.batchTokens || due <= now
            else { return }
            let texts = takeWaiting(most: most)
            if !texts.isEmpty { send(Batch(texts: texts), to: server, at: now) }
        }
    }

    /// Finds servers for batches that have been somewhere before.
    private mutating func placeReturning(at now: Instant) {
        guard !returning.isEmpty else { return }
        var left: [Batch] = []
        for var batch in returning {
            let unwanted = batch.texts.filter { !$0.isWanted }
            for text in unwanted { forget(text) }
            batch.texts.removeAll { $0.isDone }
            while !batch.texts.isEmpty, let server = server(for: batch, at: now) {
                // Its size was right for another server.
                let most = pool.servers[server].profile?.identity.maxBatch ?? 1
                var part = batch
                part.texts = Array(batch.texts.prefix(most))
                batch.texts.removeFirst(part.texts.count)
                if !batch.texts.isEmpty { part.refusal = nil }
                send(part, to: server, at: now)
            }
            if !batch.texts.isEmpty { left.append(batch) }
        }
        returning = left
    }

    private func server(for batch: Batch, at now: Instant) -> Int? {
        guard let avoided = batch.avoided, pool.hasOther(than: avoided, at: now) else { return pool.free(at: now) }
        return pool.free(at: now, avoiding: avoided)
    }

    private mutating func send(_ batch: Batch, to server: Int, at now: Instant) {
        guard let profile = pool.servers[server].profile else { return }
        pool.began(server, at: now)
        lastNumber += 1
        flights[lastNumber] = Flight(batch: batch, server: server, began: now)
        counters.batches += 1
        counters.sent += UInt64(batch.texts.count)
        let body = EmbeddingRequestWriter.body(
            batch.texts.map(\.text), identity: profile.identity, base64: profile.sendsBase64)
        actions.append(
            .send(
                number: lastNumber, server: server, body: body, path: profile.identity.engine.path,
                timeout: limits.requestTimeout))
    }

    /// A batch came back.
    mutating func finished(_ number: UInt64, _ result: Result<HTTPResponse, HTTPFailure>, at now: Instant) {
        guard let flight = flights.removeValue(forKey: number) else { return }
        let (batch, server) = (flight.batch, flight.server)
        let reading = EmbeddingReplyReading.read(result, count: batch.texts.count, dimension: pool.fixed?.dimension)
        if case .vectors = reading {
            pool.ended(server, texts: batch.texts.count, after: now.since(flight.began), at: now)
        } else {
            pool.ended(server, texts: nil, after: now.since(flight.began), at: now)
        }
        note(result, reading, of: server, at: now)
        switch reading {
        case .vectors(let units):
            for (text, unit) in zip(batch.texts, units) { deliver(unit, to: text) }
            accepted(batch, by: server)
            cancelTwins(of: batch, number, at: now)
        case .again(let isBusy, let retryAfter, _):
            if !isBusy, batch.retries == 0, pool.hasOther(than: server, at: now) {
                move(batch, from: server)
            } else {
                rest(batch, from: server, retryAfter: retryAfter)
            }
        case .refused(let words): refused(batch, by: server, words)
        case .failed(let failure): failed(batch, server, failure)
        }
    }

    /// A batch has waited long enough for its next try.
    mutating func retryDue(batch number: UInt64) {
        if let batch = resting.removeValue(forKey: number) { returning.append(batch) }
    }

    /// What one server did not do, another one does at once.
    mutating func move(_ batch: Batch, from server: Int) {
        guard batch.texts.contains(where: \.isWanted) else { return }
        counters.moved += 1
        var next = batch
        next.retries += 1
        next.avoided = server
        next.refusal = nil
        returning.append(next)
    }

    private mutating func rest(_ batch: Batch, from server: Int, retryAfter: Span?) {
        counters.retried += 1
        var next = batch
        lastNumber += 1
        // The jitter spreads requests over time; nothing else follows from it.
        var jitter = SeededGenerator(seed: lastNumber)
        let wait = limits.retry.delay(retry: batch.retries, jitter: jitter.next(), retryAfter: retryAfter)
        next.retries += 1
        next.avoided = server
        next.refusal = nil
        resting[lastNumber] = next
        actions.append(.wake(batch: lastNumber, after: wait))
    }

    /// One text too long spoils a batch, and so do too many texts: halves find out.
    private mutating func refused(_ batch: Batch, by server: Int, _ words: String) {
        guard batch.texts.count > 1 else {
            return giveUp(batch.texts, Problem(.invalid, words, advice: "shorten the text"))
        }
        let refusal = RefusedBatch(server: server, texts: batch.texts.count)
        let half = batch.texts.count / 2
        returning.append(Batch(texts: Array(batch.texts[..<half]), refusal: refusal))
        returning.append(Batch(texts: Array(batch.texts[half...]), refusal: refusal))
    }

    private mutating func accepted(_ batch: Batch, by server: Int) {
        guard let refusal = batch.refusal, refusal.halfAccepted(by: server) else { return }
        pool.limitBatch(server, to: refusal.texts / 2)
    }

    /// The server is of no use until a probe says otherwise; others may be.
    private mutating func failed(_ batch: Batch, _ server: Int, _ failure: EmbeddingFailure) {
        lose(server, failure)
        move(batch, from: server)
        if let problem = pool.hopeless {
            giveUp(batch.texts, problem)
            failAll(problem)
        }
    }
}
