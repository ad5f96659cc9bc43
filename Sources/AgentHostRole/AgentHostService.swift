import Foundation
import Logging
import Model
import RunConfiguration
import ServiceRuntime
import SimulationKit
import Support
import Transport
import Wire

/// What the command line says, in a form that tasks can share.
private struct HostSettings: Sendable {
    var coordinator: String
    var listen: String
    var name: String
}

/// An agent-host process from start to end.
public enum AgentHostService {
    /// The process's role in logs and introductions.
    public static let role = "agent-host"

    /// Runs a host until it is told to leave. `registry` holds the scenarios that it can play.
    public static func run(_ parsed: AgentHostOptions, registry: ScenarioRegistry) throws {
        let options = HostSettings(coordinator: parsed.coordinator, listen: parsed.listen, name: parsed.name)
        try Service.run(role: role, options: parsed.service) { context in
            // A process's number of its own, never part of a result: it tells a restarted host from its predecessor.
            let incarnation = context.clock.now().nanoseconds
            let node = try TransportNode(name: role, clock: context.clock)
            defer { node.close() }
            try await serve(options, registry: registry, node: node, incarnation: incarnation, context: context)
        }
    }

    private static func serve(
        _ options: HostSettings, registry: ScenarioRegistry, node: TransportNode, incarnation: UInt64,
        context: ServiceContext
    ) async throws {
        let introduction = PeerIntroduction(role: role, name: options.name, incarnation: incarnation)
        let host = Guarded<AgentHost?>(nil)
        let (commands, sender) = AsyncStream<HostCommand>.makeStream()
        let listener = try node.listen(
            options.listen, options: ListenerOptions(incarnation: incarnation), handler: askServer(host))
        let connection = try node.connect(options.coordinator, introduction: introduction) { event in
            guard case .received(let envelope) = event else { return }
            do {
                if let command = try HostCommand(envelope) { sender.yield(command) }
            } catch {
                context.logger.error("a command cannot be read", metadata: ["error": "\(error)"])
            }
        }
        let coordinator = WireClient(connection)
        try context.announceReady(endpoint: listener.endpoint)
        let accepted = try await register(options, endpoint: listener.endpoint, incarnation, coordinator)
        let started = try await start(
            accepted, registry: registry, node: node, introduction: introduction, coordinator: coordinator,
            context: context)
        host.withLock { $0 = started }
        // Commands that came before this point waited in the stream.
        let work = Task {
            for await command in commands {
                do { try await started.handle(command) } catch { await started.failed(error) }
            }
        }
        let progress = Task {
            while !Task.isCancelled {
                coordinator.post(started.currentProgress)
                try await Task.sleep(for: .milliseconds(250))
            }
        }
        _ = await context.stop.wait()
        work.cancel()
        progress.cancel()
    }

    private static func register(
        _ options: HostSettings, endpoint: String, _ incarnation: UInt64, _ coordinator: WireClient
    ) async throws -> HostAccepted {
        do {
            return try await coordinator.request(
                RegisterHost(
                    name: options.name, incarnation: incarnation, endpoint: endpoint,
                    programVersion: ProgramVersion.current), expecting: HostAccepted.self)
        } catch let problem as Problem {
            throw problem.userError(at: options.coordinator)
        }
    }

    private static func start(
        _ accepted: HostAccepted, registry: ScenarioRegistry, node: TransportNode, introduction: PeerIntroduction,
        coordinator: WireClient, context: ServiceContext
    ) async throws -> AgentHost {
        func connect(_ endpoint: String) throws -> WireClient {
            WireClient(try node.connect(endpoint, introduction: introduction))
        }
        let recorder = try connect(accepted.recorder)
        let run = try await HostLoader(recorder: recorder, registry: registry).load(accepted.definition)
        let reported = Guarded(false)
        let retry = ServiceRetry(
            pause: { tries in try await Task.sleep(for: .milliseconds(min(50 << min(tries, 6), 2000))) },
            report: { problem in
                let first = reported.withLock { reported in
                    defer { reported = true }
                    return !reported
                }
                guard first else { return }
                context.logger.error("the run cannot go on", metadata: ["problem": "\(problem.code)"])
                coordinator.request(
                    HostFailed(host: accepted.host, problem: problem), expecting: Acknowledged.self
                ) { _ in }
            })
        return AgentHost(
            node: node, coordinator: coordinator, accepted: accepted, introduction: introduction, run: run,
            recorder: recorder, llm: try connect(accepted.llmGateway),
            embedding: accepted.embeddingGateway.isEmpty ? nil : try connect(accepted.embeddingGateway),
            retry: retry, counters: Guarded(HostCounters()), logger: context.logger)
    }

    /// Serves asks of other hosts once the host is up; before that they are told to come again.
    private static func askServer(_ host: Guarded<AgentHost?>) -> WireServer {
        var server = WireServer()
        server.on(Ask.self) { ask, responder in
            guard let host = host.withLock({ $0 }) else {
                responder.fail(Problem(.unavailable, "this host is still starting"))
                return
            }
            Task { await responder.reply { try await host.serve(ask) } }
        }
        return server
    }
}
