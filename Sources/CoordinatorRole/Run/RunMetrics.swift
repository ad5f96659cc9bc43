import ClusterLogic
import Metrics

/// What the coordinator exposes while it plays a run.
enum RunMetrics {
    static let round = MetricFamily("gensim_run_round", .gauge, "The round in progress, 0 before the first.")
    static let closed = MetricFamily("gensim_run_closed_rounds", .gauge, "Rounds that are closed, earlier starts' too.")
    static let rounds = MetricFamily("gensim_run_planned_rounds", .gauge, "Rounds that the run is to have.")
    static let phase = MetricFamily(
        "gensim_run_phase", .gauge, "1 for what the run is doing.", labels: ["phase"])
    static let hosts = MetricFamily("gensim_run_hosts", .gauge, "Agent-hosts that take part.")
    static let hostsWanted = MetricFamily(
        "gensim_run_wanted_hosts", .gauge, "Agent-hosts that the run was started with.")
    static let turns = MetricFamily(
        "gensim_run_round_turns", .gauge, "Root turns of the round in progress, over all hosts.", labels: ["kind"])
    static let calls = MetricFamily(
        "gensim_run_llm_calls_total", .counter, "Calls to models that hosts had answered since the coordinator started."
    )
    static let waiting = MetricFamily(
        "gensim_run_waiting_calls", .gauge, "Calls to models that wait for their answer, over all hosts.")
    static let tokens = MetricFamily(
        "gensim_run_tokens_total", .counter, "Tokens of prompts and answers of these calls.")
    static let lost = MetricFamily(
        "gensim_run_lost_processes_total", .counter,
        "Processes of the run on this machine that ended although nobody wanted it.")

    static let families = [round, closed, rounds, phase, hosts, hostsWanted, turns, calls, waiting, tokens, lost]

    /// What a coordinator tells when it is asked. Before the run is open and after its end, the tasks' threads answer.
    static func source(_ desk: RunDesk) -> MetricsSource {
        MetricsSource(role: ServiceNames.coordinator) { reply in
            Task {
                desk.look { reading in
                    let missing = reading == nil ? "no run is open: it is being prepared, or over" : nil
                    reply(MetricsReport(missing: missing, page: page(reading)))
                }
            }
        }
    }

    private static func page(_ reading: RunReading?) -> MetricsPage {
        var page = MetricsPage(families)
        guard let reading else { return page }
        page.add(round, reading.round)
        page.add(closed, reading.closedRound)
        page.add(rounds, reading.rounds)
        page.add(phase, present: reading.phase, of: RoundMachine.Activity.allCases.map(\.word))
        page.add(hosts, reading.hosts)
        page.add(hostsWanted, reading.hostsWanted)
        page.add(turns, reading.totals.planned, "planned")
        page.add(turns, reading.totals.committed, "committed")
        page.add(turns, reading.totals.failed, "failed")
        page.add(calls, reading.totals.calls)
        page.add(waiting, reading.totals.waiting)
        page.add(tokens, reading.totals.tokens)
        page.add(lost, reading.processesLost)
        return page
    }
}
