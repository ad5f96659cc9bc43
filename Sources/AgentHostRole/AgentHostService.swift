import Logging
import MetricsServer
import ServiceRuntime
import SimulationKit
import Support
import Transport
import TrapLog

/// What the command line says, in a form that tasks can share.
private struct HostSettings: Sendable {
    var coordinator: String
    var listen: String
    var name: String
    var memoryBytes: Int
    var trapLog: String?
    var metrics: MetricsPlan
}

/// An agent-host process from start to end.
public enum AgentHostService {
    /// Time between two lives: a host that is refused again and again must not keep the coordinator busy.
    private static let rebirth = Span.milliseconds(200)
    /// Time between two looks for memory that the process does not need any more. Turns come and go with memories of
    /// some megabytes, and leave gaps everywhere.
    private static let tidying = Span.seconds(20)

    /// The process's role in logs and introductions.
    public static let role = "agent-host"

    /// Runs a host until it is told to leave. `registry` holds the scenarios that it can play.
    public static func run(_ parsed: AgentHostOptions, registry: ScenarioRegistry) throws {
        let settings = HostSettings(
            coordinator: parsed.coordinator, listen: parsed.listen, name: parsed.name,
            memoryBytes: parsed.memoryBytes, trapLog: parsed.trapLogPath, metrics: parsed.metrics.plan)
        try Service.run(role: role, options: parsed.service) { context in
            let node = try TransportNode(name: role, clock: context.clock)
            defer { node.close() }
            let ports = HostPorts.system(node, clock: context.clock)
            let desk = AskDesk()
            let told = try await settings.metrics.serve(
                HostMetrics.source(desk, launcher: ports.launcher, memoryLimit: settings.memoryBytes), context)
            do {
                try await live(settings, registry: registry, node: node, ports: ports, desk: desk, context: context)
            } catch {
                await told?.stop()
                throw error
            }
            await told?.stop()
        }
    }

    /// Lives one life after another. What ends a life in the middle of a run, such as a lost lease, begins the next.
    private static func live(
        _ settings: HostSettings, registry: ScenarioRegistry, node: TransportNode, ports: HostPorts, desk: AskDesk,
        context: ServiceContext
    ) async throws {
        // A life's number of its own, never part of a result: it tells a restarted host from its predecessor.
        var incarnation = context.clock.now().nanoseconds
        let listener = try node.listen(
            settings.listen, options: ListenerOptions(incarnation: incarnation), handler: desk.server())
        // Behind the listener, which makes the folder.
        let trapLog = try settings.trapLog.map { try TrapLog(path: $0, life: incarnation) }
        if trapLog == nil {
            context.logger.warning(
                "no --trap-log: a turn whose code ends the process is not found out, and ends every host that runs it")
        }
        try context.announceReady(endpoint: listener.endpoint)
        let present = Guarded<Task<HostLife.Ending, any Error>?>(nil)
        context.stop.onRequest { _ in present.withLock { $0 }?.cancel() }
        let tidier = ports.launcher.launch(priority: .background) {
            while true {
                try await ports.pause(tidying)
                Heap.giveBack()
            }
        }
        defer { tidier.cancel() }
        while context.stop.reason == nil {
            let life = HostLife(
                name: settings.name, endpoint: listener.endpoint, coordinator: settings.coordinator,
                incarnation: incarnation, ports: ports, registry: registry,
                memoryBytes: settings.memoryBytes, logger: context.logger, trapLog: trapLog)
            let task = ports.launcher.launch { try await life.run(desk: desk) }
            present.withLock { $0 = task }
            // The request may have come while there was no life to end.
            if context.stop.reason != nil { task.cancel() }
            do {
                switch try await task.value {
                case .left: return
                case .dismissed(let reason):
                    context.logger.notice("out of the run, registering anew", metadata: ["reason": "\(reason)"])
                    try await ports.pause(rebirth)
                }
            } catch is CancellationError {
                return
            } catch TransportError.closed {
                return
            }
            incarnation += 1
        }
    }
}
