import ArgumentParser
import Metrics
import ServiceRuntime

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

    /// Where metrics are served; nil where they are switched off.
    public var address: MetricsAddress? {
        guard case .at(let address) = metrics else { return nil }
        return address
    }

    /// Begins to serve what `source` tells, and says where; nil where that is switched off. Stop the server before what
    /// it asks goes away.
    /// - Throws: A `UserError` where the address cannot be had.
    public func serve(_ source: MetricsSource, _ context: ServiceContext) async throws -> MetricsServer? {
        guard let address else { return nil }
        let server = try await MetricsServer.start(
            at: address, source: source, version: ProgramVersion.current)
        do {
            if let metricsFile { try AtomicFile.write(Array("\(server.address)".utf8), to: metricsFile) }
        } catch {
            await server.stop()
            throw error
        }
        context.logger.info("metrics", metadata: ["address": "http://\(server.address)/metrics"])
        return server
    }
}
