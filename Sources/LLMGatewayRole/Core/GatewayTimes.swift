import Metrics
import Support

/// How long calls and attempts took.
struct GatewayTimes {
    /// Calls that were answered, from their arrival on.
    private(set) var answered = MetricHistogram.callSeconds
    /// Calls that ended in a rejection.
    private(set) var failed = MetricHistogram.callSeconds
    /// Attempts that came back from a server, whatever they brought.
    var attempt = MetricHistogram.callSeconds

    /// A call has its outcome. When it arrived follows from its deadline and the time that it was allowed.
    mutating func ended(answered isAnswered: Bool, deadline: Instant, allowed: Span, at now: Instant) {
        let seconds = max(0, allowed.seconds - deadline.since(now).seconds)
        if isAnswered { answered.observe(seconds) } else { failed.observe(seconds) }
    }
}
