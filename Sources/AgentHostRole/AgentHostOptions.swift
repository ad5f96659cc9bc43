import ArgumentParser
import ServiceRuntime

/// Command line of an agent-host. Shared by every executable that builds a host with scenarios of its own.
public struct AgentHostOptions: ParsableArguments {
    /// What all services take.
    @OptionGroup public var service: ServiceOptions

    /// Endpoint of the coordinator.
    @Option(help: "Endpoint of the coordinator, as it stands in run.json: ipc://PATH or tcp://127.0.0.1:PORT.")
    public var coordinator: String

    /// Endpoint for asks of other hosts.
    @Option(help: "Endpoint to bind for asks of other hosts.")
    public var listen: String

    /// The host's name.
    @Option(help: "Name of this host, unique in the run.")
    public var name: String = "host-1"

    /// Options as parsed.
    public init() {}
}
