import Support
import ZeroMQ

/// What a node's thread runs: waits for its sockets and its outbox, lets the ports work, and keeps the time.
final class NodeLoop {
    /// How often sessions look at the time.
    private static let tickInterval = Span.milliseconds(200)
    /// How soon a peer without room is tried again.
    private static let retryMilliseconds = 5

    private let outbox: Outbox
    private let clock: any MonotonicClock
    private let published: Guarded<TransportCounters>
    private var listeners: [Int: ListenerPort] = [:]
    private var connections: [Int: ConnectionPort] = [:]
    private var spare: [Command] = []
    private var isClosing = false

    // The poller and the places of the ports in it, made anew when a port comes or goes.
    private var poller = ZeroMQPoller()
    private var listenerPlaces: [(place: Int, port: ListenerPort)] = []
    private var connectionPlaces: [(place: Int, port: ConnectionPort)] = []
    private var arePlacesStale = true

    init(outbox: Outbox, clock: any MonotonicClock, published: Guarded<TransportCounters>) {
        self.outbox = outbox
        self.clock = clock
        self.published = published
    }

    /// Runs until the node is closed.
    func run() {
        var context = LoopContext(now: clock.now())
        var nextTick = context.now + Self.tickInterval
        while !isClosing {
            if arePlacesStale { rebuildPlaces() }
            wait(until: nextTick, now: context.now)
            context.now = clock.now()
            carryOut(&context)
            receive(&context)
            if context.now >= nextTick {
                tick(&context)
                nextTick = context.now + Self.tickInterval
            }
            flush(&context)
            publish(context.counters)
        }
        shutDown(&context)
    }

    // MARK: - Waiting

    private func wait(until nextTick: Instant, now: Instant) {
        var isAnyBlocked = false
        for (place, port) in connectionPlaces { poller.waitForRoom(port.isBlocked, at: place) }
        for (_, port) in listenerPlaces where port.isBlocked { isAnyBlocked = true }
        var milliseconds = Int(nextTick.since(now).nanoseconds / 1_000_000) + 1
        if isAnyBlocked { milliseconds = min(milliseconds, Self.retryMilliseconds) }
        if !outbox.prepareToSleep() { milliseconds = 0 }
        do {
            try poller.wait(milliseconds: milliseconds)
        } catch {
            // Polling fails only for handles that are no sockets any more: the places are made anew.
            arePlacesStale = true
        }
        if poller.isReadable(at: 0) { outbox.wakeUp.drain() }
    }

    private func rebuildPlaces() {
        poller = ZeroMQPoller()
        _ = poller.add(descriptor: outbox.wakeUp.descriptor)
        listenerPlaces = listeners.values.sorted { $0.number < $1.number }.map { (poller.add($0.socket), $0) }
        connectionPlaces = connections.values.sorted { $0.number < $1.number }.map { (poller.add($0.socket), $0) }
        arePlacesStale = false
    }

    // MARK: - Working

    private func receive(_ context: inout LoopContext) {
        // A port that a command closed just now has no socket to read from.
        for (place, port) in listenerPlaces where poller.isReadable(at: place) && listeners[port.number] != nil {
            port.receive(&context)
        }
        for (place, port) in connectionPlaces where poller.isReadable(at: place) && connections[port.number] != nil {
            port.receive(&context)
        }
    }

    private func tick(_ context: inout LoopContext) {
        for port in listeners.values { port.tick(&context) }
        for port in connections.values { port.tick(&context) }
    }

    private func flush(_ context: inout LoopContext) {
        for port in listeners.values { port.flush(&context) }
        for port in connections.values { port.flush(&context) }
    }

    private func publish(_ counters: TransportCounters) {
        published.withLock { $0 = counters }
    }

    private func carryOut(_ context: inout LoopContext) {
        var commands = outbox.take(spare: spare)
        for command in commands { carryOut(command, &context) }
        commands.removeAll(keepingCapacity: commands.capacity <= 65_536)
        spare = commands
    }

    private func carryOut(_ command: Command, _ context: inout LoopContext) {
        switch command {
        case .adoptListener(let port):
            listeners[port.number] = port
            arePlacesStale = true
        case .adoptConnection(let port):
            connections[port.number] = port
            arePlacesStale = true
            port.start(&context)
        case .reply(let listener, let envelopes): listeners[listener]?.send(envelopes, &context)
        case .request(let connection, let envelope, let completion):
            guard let port = connections[connection] else { return completion(.failure(.closed)) }
            port.request(envelope, completion, &context)
        case .post(let connection, let envelopes): connections[connection]?.post(envelopes, &context)
        case .cancel(let connection, let correlation): connections[connection]?.cancel(correlation)
        case .closeListener(let number):
            listeners.removeValue(forKey: number)?.close(&context)
            arePlacesStale = true
        case .closeConnection(let number):
            connections.removeValue(forKey: number)?.close(&context)
            arePlacesStale = true
        case .closeNode: isClosing = true
        }
    }

    private func shutDown(_ context: inout LoopContext) {
        for command in outbox.close() { carryOut(command, &context) }
        for port in connections.values.sorted(by: { $0.number < $1.number }) { port.close(&context) }
        for port in listeners.values.sorted(by: { $0.number < $1.number }) { port.close(&context) }
        connections = [:]
        listeners = [:]
        listenerPlaces = []
        connectionPlaces = []
        publish(context.counters)
    }
}
