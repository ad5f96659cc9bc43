import ArgumentParser
import Glibc
import MetricsServer
import Recording
import ServiceRuntime
import Support
import Transport

/// The recorder's command line.
public struct RecorderCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "recorder",
        abstract: "Keeps everything that happens in a run: journal and analysis in one SQLite file.",
        discussion: "Started by `coordinator run` on one machine.", version: ProgramVersion.current)

    /// Options of every process.
    @OptionGroup public var service: ServiceOptions

    /// Where metrics are served.
    @OptionGroup public var metrics: MetricsOptions

    /// Where requests come in.
    @Option(help: ArgumentHelp("Listen here: ipc://PATH or tcp://127.0.0.1:PORT.", valueName: "endpoint"))
    public var listen: String

    /// Where the recording lies.
    @Option(help: ArgumentHelp("The recording's file, or :memory: for one that ends with it.", valueName: "file"))
    public var store: String

    /// How much is kept in memory of what was written.
    @Option(help: ArgumentHelp("Bytes of pages and texts of the recording that are cached.", valueName: "bytes"))
    public var cacheBytes = 80 << 20

    /// A command without arguments, for the parser.
    public init() {}

    public func validate() throws {
        guard cacheBytes >= 1 << 20 else { throw ValidationError("--cache-bytes takes at least 1048576") }
    }

    public func run() throws {
        try Service.run(role: "recorder", options: service) {
            [listen, store, cacheBytes, metrics = metrics.plan] context in
            try await Self.serve(
                listen: listen, store: store, RecordingCaches(bytes: cacheBytes), metrics, context)
        }
    }

    private static func serve(
        listen: String, store path: String, _ caches: RecordingCaches, _ metrics: MetricsPlan, _ context: ServiceContext
    ) async throws {
        let meter = WorkMeter(threadTime: ThreadTime.now)
        let written = StoreMeter(clock: context.clock)
        let lock =
            path == ":memory:"
            ? nil : try await StoreLock(ofStore: path) { try await Task.sleep(for: StoreLock.usualPause) }
        defer { lock?.release() }
        let store = try open(path, caches, meter, written)
        if let note = store.openingNote { context.logger.warning("\(note)", metadata: ["store": "\(path)"]) }
        let failed = Guarded<StorageFailure?>(nil)
        let service = try RecorderService(
            store: store, clock: context.clock,
            onFailure: { failure in
                failed.withLock { $0 = failure }
                context.stop.request(.requested)
            })
        let node = try TransportNode(name: "recorder", clock: context.clock)
        // A process's number of its own, never part of a result: clients that see it change send again.
        let incarnation = context.clock.now().nanoseconds
        let listener = try node.listen(
            listen, options: ListenerOptions(incarnation: incarnation),
            handler: RecorderHandlers(service, snapshotMeter: meter).makeServer())
        let told = try await metrics.serve(
            RecorderMetrics.source(service, meter: written, store: path), context)
        try context.announceReady(endpoint: listener.endpoint)
        _ = await context.stop.wait()
        await told?.stop()
        // First what was taken in becomes durable and is answered, then the socket closes.
        service.stop()
        node.close()
        if meter.total.nanoseconds > 0 {
            context.logger.info("snapshots stored", metadata: ["cpu_us": "\(meter.total.nanoseconds / 1000)"])
        }
        if let failure = failed.withLock({ $0 }) { throw userError(failure, path) }
        do { try store.close() } catch let failure as StorageFailure { throw userError(failure, path) }
    }

    private static func open(
        _ path: String, _ caches: RecordingCaches, _ meter: WorkMeter, _ written: StoreMeter
    ) throws -> SQLiteRecordStore {
        do {
            return try SQLiteRecordStore(
                path == ":memory:" ? .memory : .file(path), caches: caches, snapshotMeter: meter, meter: written,
                wallClock: milliseconds)
        } catch let failure as StorageFailure {
            throw userError(failure, path)
        }
    }

    private static func userError(_ failure: StorageFailure, _ path: String) -> UserError {
        UserError(failure.what, at: path, advice: failure.advice, exitCode: failure.exitCode)
    }

    /// Milliseconds since 1970, for the columns that tell a researcher when things happened.
    private static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
