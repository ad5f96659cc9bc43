import ArgumentParser
import MetricsServer
import ServiceRuntime
import Support
import Transport

/// The embedding-gateway's command line.
public struct EmbeddingGatewayCommand: ParsableCommand {
    /// How it is called and what its help says.
    public static let configuration = CommandConfiguration(
        commandName: "embedding-gateway",
        abstract: "Batches, deduplicates and caches requests for embeddings.",
        version: ProgramVersion.current)

    @OptionGroup var gateway: EmbeddingGatewayOptions
    @OptionGroup var metrics: MetricsOptions
    @OptionGroup var service: ServiceOptions

    /// A command as it is without any argument.
    public init() {}

    public func run() throws {
        let (gateway, metrics) = (gateway, metrics.plan)
        try Service.run(role: "embedding-gateway", options: service) { context in
            let access = try gateway.access()
            let node = try TransportNode(name: "embedding-net", clock: context.clock)
            defer { node.close() }
            let running = try EmbeddingGateway(
                node: node, endpoint: gateway.listen, incarnation: UInt64.random(in: 1...UInt64.max), access: access,
                model: gateway.embeddingModel, limits: gateway.limits, cache: gateway.cacheFolder, clock: context.clock,
                logger: context.logger)
            defer { running.close() }
            let told = try await metrics.serve(EmbeddingMetrics.source(running), context)
            try context.announceReady(endpoint: running.endpoint)
            _ = await context.stop.wait()
            await told?.stop()
            if let counters = await running.counters() { context.logger.info("\(counters.summary)") }
        }
    }
}
