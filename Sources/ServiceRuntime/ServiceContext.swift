import Logging
import Support

/// What a process hands to its parts.
public struct ServiceContext: Sendable {
    /// The process's role, such as `recorder`.
    public let role: String
    /// Where log messages go.
    public let logger: Logger
    /// Where time comes from.
    public let clock: any MonotonicClock
    /// Set when the process is to end in good order: by the first signal, or when the parent is gone.
    public let stop: StopSignal
    /// Set when a person wants the configuration read again, by SIGHUP; who has none ends by that signal.
    public let reload: ReloadSignal
    private let readyFile: String?

    /// A context; parts are tested with one of their own.
    public init(
        role: String, logger: Logger, clock: any MonotonicClock = SystemClock(), stop: StopSignal = StopSignal(),
        reload: ReloadSignal = ReloadSignal(), readyFile: String? = nil
    ) {
        self.role = role
        self.logger = logger
        self.clock = clock
        self.stop = stop
        self.reload = reload
        self.readyFile = readyFile
    }

    /// Tells whoever started the process that it listens at `endpoint`, the actual one where a free port was taken.
    public func announceReady(endpoint: String) throws(UserError) {
        if let readyFile { try AtomicFile.write(Array(endpoint.utf8), to: readyFile) }
        logger.info("listening", metadata: ["endpoint": "\(endpoint)"])
    }
}
