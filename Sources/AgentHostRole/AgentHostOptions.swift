import ArgumentParser
import MetricsServer
import ServiceRuntime

/// Command line of an agent-host. Shared by every executable that builds a host with scenarios of its own.
public struct AgentHostOptions: ParsableArguments {
    /// What all services take.
    @OptionGroup public var service: ServiceOptions

    /// Where metrics are served.
    @OptionGroup public var metrics: MetricsOptions

    /// Endpoint of the coordinator.
    @Option(help: "Endpoint of the coordinator, as it stands in run.json: ipc://PATH or tcp://127.0.0.1:PORT.")
    public var coordinator: String

    /// Endpoint for asks of other hosts.
    @Option(help: "Endpoint to bind for asks of other hosts.")
    public var listen: String

    /// The host's name.
    @Option(help: "Name of this host, unique in the run.")
    public var name: String = "host-1"

    /// Bytes of agents' long-term memory, about, above which it is left to the recorder.
    @Option(
        help: ArgumentHelp(
            "Bytes of agents' long-term memory that are held, about; beyond, the recorder holds that of idle agents.",
            valueName: "bytes"))
    public var memoryBytes = 4 << 30

    /// File in which it stands whose code runs.
    @Option(
        help: ArgumentHelp(
            """
            File in which the host notes whose code runs; its restart must find it. A turn whose code ends the process \
            again and again fails then; without the file it ends every host that runs it. Beside the socket unless \
            given (PATH.traps for --listen ipc://PATH); with tcp:// there is none unless given.
            """,
            valueName: "file"))
    public var trapLog: String?

    /// The file that is given, or the one beside the socket; nil where there is neither.
    var trapLogPath: String? {
        if let trapLog { return trapLog }
        // A name that begins with @ is no file's.
        guard listen.hasPrefix("ipc://"), !listen.hasPrefix("ipc://@") else { return nil }
        return listen.dropFirst("ipc://".count) + ".traps"
    }

    /// Options as parsed.
    public init() {}

    /// Refuses what cannot be.
    public func validate() throws {
        guard memoryBytes >= 0 else { throw ValidationError("--memory-bytes takes no number below 0") }
    }
}
