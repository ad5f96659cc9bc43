import NIOCore
import NIOHTTP1
import NIOPosix
import Support

/// A running emulator. One event loop serves all connections, so that nothing in it needs a lock.
public final class EmulatorServer: Sendable {
    /// The threads, where they are the server's own.
    private let group: MultiThreadedEventLoopGroup?
    private let channel: any Channel
    private let driver: NIOLoopBound<EmulatorDriver>
    private let log: ServedLog?
    /// Time after which a served request is in its file at the latest.
    private static let flushing = TimeAmount.milliseconds(50)
    /// Where it listens, as `HOST:PORT`.
    public let address: String
    /// The port that it listens on.
    public let port: Int

    private init(
        group: MultiThreadedEventLoopGroup?, channel: any Channel, driver: NIOLoopBound<EmulatorDriver>, host: String,
        log: ServedLog?
    ) {
        self.log = log
        self.group = group
        self.channel = channel
        self.driver = driver
        port = channel.localAddress?.port ?? 0
        address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Starts to listen. Throws a `UserError` where the address cannot be had.
    public static func start(_ options: EmulatorOptions) async throws -> EmulatorServer {
        try await start(options, log: nil)
    }

    /// The same on a thread of its own, with requests that were served written down.
    static func start(_ options: EmulatorOptions, log: ServedLog?) async throws -> EmulatorServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            return try await start(options, log: log, on: group.next(), group: group)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// The same on a thread that may be another's as well. `group` is what ends with the server, if anything.
    static func start(
        _ options: EmulatorOptions, log: ServedLog?, on loop: any EventLoop, group: MultiThreadedEventLoopGroup? = nil
    ) async throws -> EmulatorServer {
        do {
            let clock = SystemClock()
            let driver = try await loop.submit {
                let core = EmulatorCore(options, now: clock.now())
                return NIOLoopBound(EmulatorDriver(core, served: log, loop: loop, clock: clock), eventLoop: loop)
            }.get()
            let channel = try await ServerBootstrap(group: loop)
                .serverChannelOption(.backlog, value: 4_096)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                        try pipeline.addHandler(EmulatorHTTPHandler(driver: driver.value))
                    }
                }
                .bind(host: options.host, port: options.port).get()
            if let log {
                loop.scheduleRepeatedTask(initialDelay: flushing, delay: flushing) { _ in log.flush() }
            }
            return EmulatorServer(group: group, channel: channel, driver: driver, host: options.host, log: log)
        } catch {
            throw UserError(
                "the emulator cannot listen: \(error)", at: "\(options.host):\(options.port)",
                advice: "choose another --listen address, or port 0 for a free one", exitCode: .unavailable)
        }
    }

    /// The body of `/stats`.
    public func statistics() async throws -> [UInt8] {
        try await channel.eventLoop.submit { [driver] in
            let core = driver.value.core
            return core.statistics.body(engine: core.options.engine, load: core.load, gpu: core.gpu)
        }.get()
    }

    /// Closes the listening socket and, where the threads are its own, every connection.
    public func stop() async throws {
        if let group { try await group.shutdownGracefully() } else { try await channel.close() }
        log?.flush()
    }

    /// Waits until the listening socket is closed.
    public func waitUntilStopped() async throws { try await channel.closeFuture.get() }
}
