import ArgumentParser

/// Where a process tells how it is. A command adds them as an `@OptionGroup`.
public struct MetricsOptions: ParsableArguments {
    /// Where metrics are served; nil for nowhere.
    enum Place: ExpressibleByArgument, Equatable {
        case off
        case at(MetricsAddress)

        init?(argument: String) {
            if argument == "off" {
                self = .off
            } else if let address = MetricsAddress(argument) {
                self = .at(address)
            } else {
                return nil
            }
        }

        var defaultValueDescription: String {
            switch self {
            case .off: "off"
            case .at(let address): "\(address)"
            }
        }
    }

    @Option(
        help: ArgumentHelp(
            """
            Where /metrics, /livez and /readyz are served over HTTP; port 0 lets the system choose, 'off' serves none. \
            Beyond this machine only where the address says so.
            """, valueName: "host:port|off"))
    var metrics = Place.at(.standard)

    @Option(help: ArgumentHelp("Write the address of the metrics to this file.", valueName: "file"))
    var metricsFile: String?

    /// Options as they are without any argument.
    public init() {}

    /// What these options ask for.
    public var plan: MetricsPlan {
        guard case .at(let address) = metrics else { return MetricsPlan(address: nil, file: nil) }
        return MetricsPlan(address: address, file: metricsFile)
    }
}
