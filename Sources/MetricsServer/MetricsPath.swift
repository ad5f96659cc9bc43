/// What can be asked for.
enum MetricsPath: String {
    /// Everything that the process counts.
    case metrics = "/metrics"
    /// Whether its main loop answers.
    case alive = "/livez"
    /// Whether it can do its work.
    case ready = "/readyz"

    /// The path of a request's target, whatever its query.
    init?(target: String) { self.init(rawValue: String(target.prefix { $0 != "?" })) }
}
