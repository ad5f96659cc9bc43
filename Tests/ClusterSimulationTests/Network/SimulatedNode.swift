import Support

@testable import Transport

/// The network's side of a simulated process: what `TransportNode` and its thread are over sockets. Commands are
/// carried out a moment after they were given, in order, never inside of the call that gave them.
final class SimulatedNode: @unchecked Sendable {
    /// How often sessions look at the time.
    private static let tick = Span.milliseconds(500)

    let life: Life
    let network: Network
    private var commands: [() -> Void] = []
    private var isCarryingOut = false
    private var links: [SimulatedLink] = []
    private var listeners: [SimulatedListener] = []
    private var lastNumber: UInt64 = 0

    init(life: Life, network: Network) {
        self.life = life
        self.network = network
        scheduleTick()
        life.atEnd { [self] in
            for link in links { link.cut() }
            for listener in listeners { listener.cut() }
            // Who asked for something at the last moment is let go, too.
            let taken = commands
            commands = []
            for command in taken { command() }
            links = []
            listeners = []
        }
    }

    var now: Instant { network.world.now }

    /// Connects to an endpoint, again and again.
    func connect(
        _ endpoint: String, introduction: PeerIntroduction,
        onEvent: @escaping @Sendable (ConnectionEvent) -> Void = { _ in }
    ) -> SimulatedLink {
        let link = SimulatedLink(node: self, endpoint: endpoint, introduction: introduction, onEvent: onEvent)
        links.append(link)
        push { link.start() }
        return link
    }

    /// Listens at an endpoint.
    func listen(_ endpoint: String, options: ListenerOptions, handler: any ListenerHandler) -> SimulatedListener {
        let listener = SimulatedListener(node: self, options: options, handler: handler)
        listeners.append(listener)
        network.register(listener, at: endpoint)
        return listener
    }

    /// Carries out a command after those before it.
    func push(_ command: @escaping () -> Void) {
        guard life.isAlive else { return }
        commands.append(command)
        guard !isCarryingOut else { return }
        isCarryingOut = true
        life.after(network.dice.span(1...20)) { [self] in
            isCarryingOut = false
            let taken = commands
            commands = []
            for command in taken { command() }
            flush()
        }
    }

    /// Sends what has come together, as one packet for each peer.
    func flush() {
        for link in links { link.flush() }
        for listener in listeners { listener.flush() }
    }

    func takeNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    private func scheduleTick() {
        life.after(Self.tick) { [self] in
            for link in links { link.tick() }
            for listener in listeners { listener.tick() }
            flush()
            scheduleTick()
        }
    }
}
