import Support
import Wire

/// What the hosts last told about the round in progress, and what follows for the time left.
struct ProgressBoard: Sendable {
    /// Sums over all hosts.
    struct Totals: Equatable, Sendable {
        var planned: UInt64 = 0
        var committed: UInt64 = 0
        var failed: UInt64 = 0
        var calls: UInt64 = 0
        var waiting: UInt64 = 0
        var tokens: UInt64 = 0
    }

    private struct Sample: Sendable {
        var time: Instant
        var calls: UInt64
    }

    /// Rates are taken over this time: long enough to be calm, short enough to show a stall.
    private static let window = Span.seconds(10)
    private static let longestHistory = 256

    /// The round in progress, 0 before the first.
    private(set) var round: UInt32
    /// What the run does: starting, running, waiting for hosts, pausing, paused, draining, finished.
    var phase = "starting"
    private let rounds: UInt32
    private let start: Instant
    private let firstRound: UInt32
    private var roundStart: Instant
    private var hosts: [UInt32: HostProgress] = [:]
    private var history: [Sample] = []

    /// A board for a run that goes on after `closedRound`.
    init(rounds: UInt32, closedRound: UInt32, now: Instant) {
        self.rounds = rounds
        round = closedRound
        firstRound = closedRound
        start = now
        roundStart = now
    }

    /// A round begins.
    mutating func begin(round: UInt32, now: Instant) {
        self.round = round
        phase = "running"
        roundStart = now
    }

    /// A host tells how far it is.
    mutating func take(_ progress: HostProgress, now: Instant) {
        hosts[progress.host] = progress
        history.append(Sample(time: now, calls: totals.calls))
        let keep = history.firstIndex { now.since($0.time) <= Self.window } ?? history.endIndex
        history.removeFirst(max(keep, history.count - Self.longestHistory))
    }

    /// A host is gone: its calls were made, and its turns are now planned by others.
    mutating func forget(_ host: UInt32) {
        guard let last = hosts[host] else { return }
        hosts[host] = HostProgress(
            host: host, round: last.round, planned: 0, committed: 0, failed: 0, calls: last.calls, waiting: 0,
            tokens: last.tokens)
    }

    /// Sums over the hosts; those that still speak of another round count with their calls only.
    var totals: Totals {
        var totals = Totals()
        for progress in hosts.values {
            totals.calls &+= progress.calls
            totals.waiting &+= progress.waiting
            totals.tokens &+= progress.tokens
            guard progress.round == round else { continue }
            totals.planned &+= progress.planned
            totals.committed &+= progress.committed
            totals.failed &+= progress.failed
        }
        return totals
    }

    /// LLM calls answered in a second, lately.
    var callsPerSecond: Double {
        guard let first = history.first, let last = history.last, last.time > first.time else { return 0 }
        return Double(last.calls &- first.calls) / last.time.since(first.time).seconds
    }

    /// Seconds until the last round is closed, as far as the rounds resemble each other; nil while nothing is known.
    func secondsLeft(now: Instant) -> Double? {
        let totals = totals
        let spent = now.since(roundStart).seconds
        guard totals.planned > 0, totals.committed > 0, round <= rounds else { return nil }
        let share = min(1, Double(totals.committed) / Double(totals.planned))
        let whole = spent / share
        let earlier = round > firstRound + 1 ? roundStart.since(start).seconds / Double(round - firstRound - 1) : whole
        return whole - spent + Double(rounds - round) * (whole + earlier) / 2
    }

    /// The line that a person sees.
    func line(now: Instant) -> String {
        guard phase != "starting" else { return "starting" }
        let totals = totals
        var parts = ["round \(round) of \(rounds)"]
        if phase != "running" { parts.append(phase) }
        if totals.planned > 0 {
            let committed = Amount.count(totals.committed)
            parts.append(
                "\(percent(totals)) % (\(committed) of \(Amount.count(totals.planned)) turns)")
        }
        if totals.failed > 0 { parts.append("\(Amount.count(totals.failed)) failed") }
        parts.append("\(Amount.count(totals.calls)) calls, \(Amount.oneDecimal(callsPerSecond))/s")
        parts.append("\(Amount.count(totals.waiting)) waiting")
        parts.append("\(Amount.count(totals.tokens)) tokens")
        if let left = secondsLeft(now: now) { parts.append("\(Amount.duration(seconds: left)) left") }
        return parts.joined(separator: ", ")
    }

    /// Share of committed turns. Hosts count for themselves: their numbers are not trusted to make sense together.
    private func percent(_ totals: Totals) -> Int {
        Int(min(100, Double(totals.committed) * 100 / Double(totals.planned)))
    }

    /// The counters of a status reply.
    func counters(hosts: Int) -> [NamedCount] {
        let totals = totals
        return [
            NamedCount(name: "planned", count: totals.planned), NamedCount(name: "committed", count: totals.committed),
            NamedCount(name: "failed", count: totals.failed), NamedCount(name: "calls", count: totals.calls),
            NamedCount(name: "waiting", count: totals.waiting), NamedCount(name: "tokens", count: totals.tokens),
            NamedCount(name: "hosts", count: UInt64(hosts)),
        ]
    }
}
