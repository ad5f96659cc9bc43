import GatewayLogic
import Metrics

/// What the llm-gateway exposes.
struct GatewayMetrics: Sendable {
    static let requests = MetricFamily(
        "gensim_llm_requests_total", .counter, "Requests taken from hosts, repeated ones among them.")
    static let saved = MetricFamily(
        "gensim_llm_saved_requests_total", .counter,
        "Requests that needed no call of their own: joined one under way, remembered by identity, shared by content.",
        labels: ["kind"])
    static let refused = MetricFamily(
        "gensim_llm_refused_requests_total", .counter, "Requests refused because the queue was full.")
    static let calls = MetricFamily(
        "gensim_llm_calls_total", .counter, "Calls that have ended, by how.", labels: ["kind"])
    static let attempts = MetricFamily(
        "gensim_llm_attempts_total", .counter, "Attempts sent to servers, repeated ones among them.")
    static let counts = MetricFamily(
        "gensim_llm_token_counts_total", .counter, "Attempts that asked a server to count a prompt's tokens.")
    static let repeated = MetricFamily(
        "gensim_llm_repeated_attempts_total", .counter, "Why attempts were followed by another of the same call.",
        labels: ["kind"])
    static let openCalls = MetricFamily("gensim_llm_open_calls", .gauge, "Calls that have no outcome yet.")
    static let queued = MetricFamily("gensim_llm_queued_calls", .gauge, "Calls that wait for a server.")
    static let queuedBytes = MetricFamily("gensim_llm_queue_bytes", .gauge, "Bytes of calls that wait.")
    static let queuedTokens = MetricFamily(
        "gensim_llm_queue_tokens", .gauge, "Tokens of prompts that wait, estimated.")
    static let memo = MetricFamily(
        "gensim_llm_memo_bytes", .gauge, "Bytes of answers that are kept until they are durable.")
    static let shared = MetricFamily(
        "gensim_llm_shared_bytes", .gauge, "Bytes of answers to deterministic requests that are remembered.")
    static let callTime = MetricFamily(
        "gensim_llm_call_duration_seconds", .histogram, "Time from a call's arrival to its outcome.", labels: ["kind"])
    static let attemptTime = MetricFamily(
        "gensim_llm_attempt_duration_seconds", .histogram, "Time that an attempt spent at a server.")
    static let placement = MetricFamily(
        "gensim_llm_policy", .gauge, "1 for the policy of placement in use.", labels: ["policy"])
    static let standing = MetricFamily(
        "gensim_llm_server_state", .gauge, "1 for the state that the server is in.", labels: ["server", "state"])
    static let window = MetricFamily(
        "gensim_llm_server_window", .gauge, "Attempts that may be in flight at the server.", labels: ["server"])
    static let inFlight = MetricFamily(
        "gensim_llm_server_in_flight", .gauge, "Attempts in flight at the server.", labels: ["server"])
    static let dispatched = MetricFamily(
        "gensim_llm_server_attempts_total", .counter, "Attempts sent to the server.", labels: ["server"])
    static let ended = MetricFamily(
        "gensim_llm_server_ended_attempts_total", .counter, "Attempts at the server that have ended, by how.",
        labels: ["server", "kind"])
    static let running = MetricFamily(
        "gensim_llm_server_running_requests", .gauge, "Requests that the server says it works on.", labels: ["server"])
    static let waiting = MetricFamily(
        "gensim_llm_server_waiting_requests", .gauge, "Requests that the server says wait inside it.",
        labels: ["server"])
    static let cacheUse = MetricFamily(
        "gensim_llm_server_kv_usage_ratio", .gauge, "Share of the server's cache of keys and values that is taken.",
        labels: ["server"])

    static let families = [
        requests, saved, refused, calls, attempts, counts, repeated, openCalls, queued, queuedBytes, queuedTokens, memo,
        shared,
        callTime, attemptTime, placement, standing, window, inFlight, dispatched, ended, running, waiting, cacheUse,
    ]

    let policy: PlacementPolicy

    /// What a running gateway tells when it is asked.
    func source(_ gateway: LLMGateway) -> MetricsSource {
        MetricsSource(role: "llm-gateway") { reply in
            gateway.read { reading in
                reply(reading.map { MetricsReport(missing: $0.missing, page: page($0)) })
            }
        }
    }

    /// The page of a reading.
    func page(_ reading: GatewayReading) -> MetricsPage {
        var page = MetricsPage(Self.families)
        addCalls(reading.counters, to: &page)
        page.add(Self.openCalls, reading.open)
        page.add(Self.queued, reading.queued)
        page.add(Self.queuedBytes, reading.queuedBytes)
        page.add(Self.queuedTokens, reading.queuedTokens)
        page.add(Self.memo, reading.memoBytes)
        page.add(Self.shared, reading.sharedBytes)
        page.add(Self.callTime, reading.times.answered, "answered")
        page.add(Self.callTime, reading.times.failed, "failed")
        page.add(Self.attemptTime, reading.times.attempt)
        page.add(Self.placement, present: policy.rawValue, of: PlacementPolicy.allCases.map(\.rawValue))
        for server in reading.servers { add(server, to: &page) }
        return page
    }

    private func addCalls(_ counters: GatewayCounters, to page: inout MetricsPage) {
        page.add(Self.requests, counters.asked)
        page.add(Self.saved, counters.joined, "joined")
        page.add(Self.saved, counters.remembered, "remembered")
        page.add(Self.saved, counters.shared, "shared")
        page.add(Self.refused, counters.refused)
        page.add(Self.calls, counters.answered, "answered")
        page.add(Self.calls, counters.failed, "failed")
        page.add(Self.calls, counters.expired, "expired")
        page.add(Self.calls, counters.cancelled, "cancelled")
        page.add(Self.attempts, counters.sent)
        page.add(Self.counts, counters.counts)
        page.add(Self.repeated, counters.retried, "retried")
        page.add(Self.repeated, counters.rejected, "rejected")
        page.add(Self.repeated, counters.redispatched, "redispatched")
        page.add(Self.repeated, counters.hedged, "hedged")
    }

    private func add(_ server: GatewayReading.Server, to page: inout MetricsPage) {
        let (url, status) = (server.url, server.status)
        page.add(Self.standing, present: status.standing, of: ServerStatus.standings, url)
        page.add(Self.window, status.window, url)
        page.add(Self.inFlight, status.inFlight, url)
        page.add(Self.dispatched, status.counts.dispatched, url)
        page.add(Self.ended, status.counts.answered, url, "answered")
        page.add(Self.ended, status.counts.busy, url, "busy")
        page.add(Self.ended, status.counts.failed, url, "failed")
        page.add(Self.ended, status.counts.lost, url, "lost")
        page.add(Self.ended, status.counts.cancelled, url, "cancelled")
        page.add(Self.ended, status.counts.redispatched, url, "redispatched")
        if let running = status.load?.running { page.add(Self.running, running, url) }
        if let waiting = status.load?.waiting { page.add(Self.waiting, waiting, url) }
        if let usage = status.load?.kvUsage { page.add(Self.cacheUse, usage, url) }
    }
}
