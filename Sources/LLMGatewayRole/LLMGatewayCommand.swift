import ArgumentParser
import MetricsServer
import ServiceRuntime
import Support
import Transport

/// The llm-gateway's command line.
public struct LLMGatewayCommand: ParsableCommand {
    /// How it is called and what its help says.
    public static let configuration = CommandConfiguration(
        commandName: "llm-gateway",
        abstract: "Queues model calls, places them on model servers, and verifies the answers.",
        version: ProgramVersion.current)

    @OptionGroup var gateway: LLMGatewayOptions
    @OptionGroup var metrics: MetricsOptions
    @OptionGroup var service: ServiceOptions

    /// A command as it is without any argument.
    public init() {}

    public func run() throws {
        let (gateway, metrics) = (gateway, metrics.plan)
        try Service.run(role: "llm-gateway", options: service) { context in
            let access = try gateway.access()
            let node = try TransportNode(name: "llm-gateway.net", clock: context.clock)
            defer { node.close() }
            let running = try LLMGateway(
                node: node, endpoint: gateway.listen, incarnation: UInt64.random(in: 1...UInt64.max), access: access,
                sources: try gateway.sources(), models: gateway.model, policy: gateway.policy, limits: gateway.limits,
                clock: context.clock,
                logger: context.logger)
            defer { running.close() }
            let told = try await metrics.serve(GatewayMetrics(policy: gateway.policy).source(running), context)
            if gateway.servers != nil { context.reload.onRequest { running.reload() } }
            try context.announceReady(endpoint: running.endpoint)
            _ = await context.stop.wait()
            await told?.stop()
            if let counters = await running.counters() { context.logger.info("\(counters.summary)") }
        }
    }
}
