import Metrics

/// What the embedding-gateway exposes.
enum EmbeddingMetrics {
    static let texts = MetricFamily("gensim_embedding_texts_total", .counter, "Texts that hosts wanted vectors of.")
    static let saved = MetricFamily(
        "gensim_embedding_saved_texts_total", .counter,
        "Texts that were not sent: joined one under way, remembered in memory, archived on disk.", labels: ["kind"])
    static let sent = MetricFamily(
        "gensim_embedding_sent_texts_total", .counter, "Texts sent to servers, repeated ones among them.")
    static let batches = MetricFamily(
        "gensim_embedding_batches_total", .counter, "Batches sent to servers, repeated ones among them.")
    static let retried = MetricFamily(
        "gensim_embedding_retried_batches_total", .counter, "Batches that came back without vectors and wait again.")
    static let moved = MetricFamily(
        "gensim_embedding_moved_batches_total", .counter,
        "Batches sent to another server because theirs was lost or took too long.")
    static let open = MetricFamily("gensim_embedding_open_requests", .gauge, "Requests that lack vectors.")
    static let queued = MetricFamily("gensim_embedding_queue_bytes", .gauge, "Bytes of texts that wait.")
    static let cache = MetricFamily("gensim_embedding_cache_bytes", .gauge, "Bytes of vectors in memory.")
    static let vectors = MetricFamily("gensim_embedding_cached_vectors", .gauge, "Vectors in memory.")
    static let standing = MetricFamily(
        "gensim_embedding_server_state", .gauge, "1 for the state that the server is in.",
        labels: ["server", "state"])
    static let inFlight = MetricFamily(
        "gensim_embedding_server_in_flight", .gauge, "Batches in flight at the server.", labels: ["server"])
    static let dispatched = MetricFamily(
        "gensim_embedding_server_batches_total", .counter, "Batches sent to the server.", labels: ["server"])

    static let families = [
        texts, saved, sent, batches, retried, moved, open, queued, cache, vectors, standing, inFlight, dispatched,
    ]

    /// What a running gateway tells when it is asked.
    static func source(_ gateway: EmbeddingGateway) -> MetricsSource {
        MetricsSource(role: "embedding-gateway") { reply in
            gateway.read { reading in
                reply(reading.map { MetricsReport(missing: $0.missing, page: page($0)) })
            }
        }
    }

    /// The page of a reading.
    static func page(_ reading: EmbeddingReading) -> MetricsPage {
        var page = MetricsPage(families)
        page.add(texts, reading.counters.asked)
        page.add(saved, reading.counters.joined, "joined")
        page.add(saved, reading.counters.remembered, "remembered")
        page.add(saved, reading.counters.archived, "archived")
        page.add(sent, reading.counters.sent)
        page.add(batches, reading.counters.batches)
        page.add(retried, reading.counters.retried)
        page.add(moved, reading.counters.moved)
        page.add(open, reading.open)
        page.add(queued, reading.queuedBytes)
        page.add(cache, reading.cacheBytes)
        page.add(vectors, reading.cachedVectors)
        for server in reading.servers {
            page.add(standing, present: server.standing, of: EmbeddingReading.Server.standings, server.url)
            page.add(inFlight, server.inFlight, server.url)
            page.add(dispatched, server.batches, server.url)
        }
        return page
    }
}
