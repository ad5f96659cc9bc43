import Logging
import Support

@testable import AgentHostRole
@testable import Transport

/// An agent-host: all of its real code, over the simulated network, one life after another as in a process.
enum HostProcess {
    /// Starts it; `exited` hears that the process ended by itself, as it does where it cannot go on.
    ///
    /// Its snapshots go out one agent at a time, so that a crash finds some heads newer than the others.
    static func start(life: Life, network: Network, exited: @escaping @Sendable () -> Void) {
        let node = SimulatedNode(life: life, network: network)
        let clock = WorldClock(network.world)
        let ports = HostPorts(
            connect: { endpoint, introduction, onEvent in
                node.connect(endpoint, introduction: introduction, onEvent: onEvent)
            }, launcher: life.launcher, pause: { try await life.pause($0) }, clock: clock,
            threadTime: { Span(nanoseconds: 0) })
        let desk = AskDesk()
        let endpoint = "sim://\(life.name)"
        let first = clock.now().nanoseconds
        _ = node.listen(endpoint, options: ListenerOptions(incarnation: first), handler: desk.server())
        life.launcher.launch {
            var incarnation = first
            while life.isAlive {
                let inner = HostLife(
                    name: life.name, endpoint: endpoint, coordinator: CoordinatorProcess.endpoint,
                    incarnation: incarnation, ports: ports, registry: SquareScenario.registry,
                    // Room for none: what a snapshot holds goes to the recorder, and comes back for every turn.
                    memoryBytes: 0,
                    logger: Logger(label: life.name) { _ in SwiftLogNoOpLogHandler() }, snapshotPieceBytes: 1)
                do {
                    if case .left = try await inner.run(desk: desk) { return }
                } catch {
                    return exited()
                }
                incarnation += 1
            }
        }
    }
}
