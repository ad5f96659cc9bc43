import Metrics
import NIOCore
import NIOHTTP1
import NIOPosix
import Support

/// Serves what a process tells about itself, on a thread and a port of its own. What it serves holds no secret.
public final class MetricsServer: Sendable {
    /// Time in which the main loop has to answer.
    static let limit = Span.seconds(1)
    private static let idle = TimeAmount.seconds(60)
    private static let mostConnections = 64

    private let group: MultiThreadedEventLoopGroup
    /// Where it listens, with the actual port.
    public let address: MetricsAddress

    private let way: Guarded<(any EventLoop)?>

    private init(group: MultiThreadedEventLoopGroup, address: MetricsAddress, way: Guarded<(any EventLoop)?>) {
        self.way = way
        self.group = group
        self.address = address
    }

    /// Starts to listen. Throws a `UserError` where the address cannot be had.
    public static func start(
        at address: MetricsAddress, source: MetricsSource, version: String
    ) async throws -> MetricsServer {
        try await start(at: address, source: source, version: version, limit: limit)
    }

    /// The same with another patience for the main loop.
    static func start(
        at address: MetricsAddress, source: MetricsSource, version: String, limit: Span
    ) async throws -> MetricsServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let loop = group.next()
            let way = Guarded<(any EventLoop)?>(loop)
            let responder = try await loop.submit {
                NIOLoopBound(
                    MetricsResponder(source, version: version, limit: limit, loop: loop, way: way), eventLoop: loop)
            }.get()
            let channel = try await ServerBootstrap(group: group)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try prepare(channel, responder.value) }
                }
                .bind(host: address.host, port: address.port).get()
            let port = channel.localAddress?.port ?? address.port
            return MetricsServer(group: group, address: MetricsAddress(host: address.host, port: port), way: way)
        } catch {
            try? await group.shutdownGracefully()
            throw UserError(
                "metrics cannot be served: \(error)", at: "\(address)",
                advice: "choose another --metrics address, port 0 for a free one, or --metrics off",
                exitCode: .unavailable)
        }
    }

    private static func prepare(_ channel: any Channel, _ responder: MetricsResponder) throws {
        guard responder.connections < mostConnections else { return channel.close(promise: nil) }
        responder.connections += 1
        channel.closeFuture.assumeIsolated().whenComplete { _ in responder.connections -= 1 }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(IdleStateHandler(allTimeout: idle))
        try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
        try pipeline.addHandler(MetricsHandler(responder))
    }

    /// Closes the listening socket and every connection.
    public func stop() async {
        way.withLock { $0 = nil }
        try? await group.shutdownGracefully()
    }
}
