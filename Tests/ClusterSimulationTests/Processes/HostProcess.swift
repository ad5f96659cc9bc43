import Logging
import ServiceRuntime
import Support
import Wire

@testable import AgentHostRole
@testable import Transport

/// An agent-host: all of its real code, over the simulated network.
enum HostProcess {
    static func start(life: Life, network: Network) {
        let node = SimulatedNode(life: life, network: network)
        let introduction = PeerIntroduction(role: "agent-host", name: life.name, incarnation: life.number)
        let host = Guarded<AgentHost?>(nil)
        let (commands, sender) = AsyncStream<HostCommand>.makeStream()
        var server = WireServer()
        server.on(Ask.self) { ask, responder in
            life.launcher.launch {
                await responder.reply(from: {
                    guard let host = host.withLock({ $0 }) else { throw Problem(.unavailable, "starting") }
                    return try await host.serve(ask)
                })
            }
        }
        let endpoint = "sim://\(life.name)"
        _ = node.listen(endpoint, options: ListenerOptions(incarnation: life.number), handler: server)
        let coordinator = WireClient(
            node.connect(CoordinatorProcess.endpoint, introduction: introduction) { event in
                guard case .received(let envelope) = event else { return }
                if let command = try? HostCommand(envelope) { sender.yield(command) }
            })
        life.launcher.launch {
            let accepted = try await coordinator.request(
                RegisterHost(
                    name: life.name, incarnation: life.number, endpoint: endpoint,
                    programVersion: ProgramVersion.current), expecting: HostAccepted.self)
            @Sendable func client(_ endpoint: String) -> WireClient {
                WireClient(node.connect(endpoint, introduction: introduction))
            }
            let recorder = client(accepted.recorder)
            let run = try await HostLoader(recorder: recorder, registry: SquareScenario.registry)
                .load(accepted.definition)
            let retry = ServiceRetry(
                pause: { tries in try await life.pause(.milliseconds(UInt64(min(50 << min(tries, 6), 2000)))) },
                report: { _ in })
            let started = AgentHost(
                connectTo: { node.connect($0, introduction: introduction) }, launcher: life.launcher,
                pause: { try await life.pause(.milliseconds(50)) }, coordinator: coordinator, accepted: accepted,
                introduction: introduction, run: run, recorder: recorder, llm: client(accepted.llmGateway),
                embedding: client(accepted.embeddingGateway), retry: retry, counters: Guarded(HostCounters()),
                logger: Logger(label: "sim") { _ in SwiftLogNoOpLogHandler() })
            host.withLock { $0 = started }
            for await command in commands {
                do { try await started.handle(command) } catch { await started.failed(error) }
            }
        }
    }
}
