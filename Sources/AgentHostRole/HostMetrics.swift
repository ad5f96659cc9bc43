import Metrics
import Support

/// What an agent-host exposes. Its counters begin anew with each of its lives.
enum HostMetrics {
    static let turns = MetricFamily(
        "gensim_host_turns_total", .counter, "Root turns that have become durable, failed ones among them.")
    static let failedTurns = MetricFamily("gensim_host_failed_turns_total", .counter, "Root turns that failed.")
    static let calls = MetricFamily("gensim_host_llm_calls_total", .counter, "Calls to models that were answered.")
    static let tokens = MetricFamily(
        "gensim_host_tokens_total", .counter, "Tokens of prompts and answers of these calls.")
    static let waiting = MetricFamily(
        "gensim_host_waiting_calls", .gauge, "Calls to models that wait for their answer.")
    static let round = MetricFamily("gensim_host_round", .gauge, "The round that the host is in.")
    static let roundTurns = MetricFamily(
        "gensim_host_round_turns", .gauge, "Root turns of the present round in the partitions that the host holds.",
        labels: ["kind"])
    static let partitions = MetricFamily(
        "gensim_host_partitions", .gauge, "Partitions whose round the host has planned.")
    static let memory = MetricFamily(
        "gensim_host_long_term_memory_bytes", .gauge, "Bytes of agents' long-term memory that the host holds, about.")
    static let memoryLimit = MetricFamily(
        "gensim_host_long_term_memory_limit_bytes", .gauge,
        "Bytes above which long-term memory is left to the recorder.")
    static let snapshots = MetricFamily(
        "gensim_host_pending_snapshots", .gauge, "Partitions of which a snapshot is captured and not yet stored.")

    static let families = [
        turns, failedTurns, calls, tokens, waiting, round, roundTurns, partitions, memory, memoryLimit, snapshots,
    ]

    /// What a host tells when it is asked, over all its lives. Between two of them, the tasks' threads answer.
    static func source(_ desk: AskDesk, launcher: TaskLauncher, memoryLimit: Int) -> MetricsSource {
        MetricsSource(role: AgentHostService.role) { reply in
            launcher.launch {
                desk.look { reading in
                    let missing =
                        reading == nil ? "not registered with the coordinator, or the run is being fetched" : nil
                    reply(MetricsReport(missing: missing, page: page(reading, memoryLimit: memoryLimit)))
                }
            }
        }
    }

    private static func page(_ reading: HostReading?, memoryLimit limit: Int) -> MetricsPage {
        var page = MetricsPage(families)
        page.add(memoryLimit, limit)
        guard let reading else { return page }
        let counters = reading.counters
        page.add(turns, counters.turns)
        page.add(failedTurns, counters.turnsFailed)
        page.add(calls, counters.calls)
        page.add(tokens, counters.tokens)
        page.add(waiting, counters.waiting)
        page.add(round, reading.round)
        let roots = counters.roots
        page.add(roundTurns, roots.planned, "planned")
        page.add(roundTurns, roots.committed, "committed")
        page.add(roundTurns, roots.failed, "failed")
        page.add(partitions, counters.planned)
        page.add(memory, reading.memoryBytes)
        page.add(snapshots, reading.pendingSnapshots)
        return page
    }
}
