import Support
import Transport

/// The simulated network: who listens where, who cannot reach whom, and how packets fare.
final class Network: @unchecked Sendable {
    /// One direction between two processes.
    private struct Way: Hashable {
        var from: String
        var to: String
    }

    let world: World
    var dice: Dice
    var weather = Weather.calm
    private var listeners: [String: SimulatedListener] = [:]
    private var blocked: [Way: Instant] = [:]
    /// Packets that are kept on their way, in order of arrival.
    private var held: [Way: [() -> Void]] = [:]
    private var lastWire: UInt64 = 0
    /// Packets delivered and lost, for the report.
    private(set) var delivered = 0
    private(set) var lost = 0

    init(world: World, dice: Dice) {
        self.world = world
        self.dice = dice
    }

    // MARK: Who is where

    func register(_ listener: SimulatedListener, at endpoint: String) { listeners[endpoint] = listener }

    func listener(at endpoint: String) -> SimulatedListener? {
        listeners[endpoint].flatMap { $0.node.life.isAlive ? $0 : nil }
    }

    func takeWireNumber() -> UInt64 {
        lastWire += 1
        return lastWire
    }

    // MARK: Partitions

    /// Lets nothing through from one process to another for a while.
    func block(from: String, to: String, for span: Span) {
        blocked[Way(from: from, to: to)] = world.now + span
    }

    /// When packets get through again; nil when they do now.
    func healing(from: String, to: String) -> Instant? {
        blocked[Way(from: from, to: to)].flatMap { $0 > world.now ? $0 : nil }
    }

    /// Keeps what goes from one process to another on its way, until `release`.
    func hold(from: String, to: String) {
        let way = Way(from: from, to: to)
        if held[way] == nil { held[way] = [] }
    }

    /// Keeps a packet back where its way is held; false where it is not.
    func keepsBack(from: String, to: String, _ arrival: @escaping () -> Void) -> Bool {
        held[Way(from: from, to: to)]?.append(arrival) != nil
    }

    /// Lets through what was kept of a process's packets, in order.
    func release(from: String) {
        let ways = held.keys.filter { $0.from == from }.sorted { $0.to < $1.to }
        for arrival in ways.flatMap({ held.removeValue(forKey: $0) ?? [] }) { arrival() }
    }

    /// Ends all partitions, and lets packets pass as on a calm day.
    func calmDown() {
        for name in Set(held.keys.map(\.from)).sorted() { release(from: name) }
        blocked = [:]
        weather = .calm
    }

    // MARK: Packets

    func countDelivered() { delivered += 1 }
    func countLost() { lost += 1 }
}

/// A connection between a client and a listener, as long as it lasts.
final class SimulatedWire {
    let number: UInt64
    let client: Life
    let server: Life
    let network: Network
    weak var link: SimulatedLink?
    weak var listener: SimulatedListener?
    private(set) var isOpen = true
    private var lastArrival = (toServer: Instant(nanoseconds: 0), toClient: Instant(nanoseconds: 0))

    init(number: UInt64, link: SimulatedLink, listener: SimulatedListener, network: Network) {
        self.number = number
        self.link = link
        self.listener = listener
        self.network = network
        client = link.node.life
        server = listener.node.life
    }

    /// Ends the connection: what is in flight is lost. The client notices a moment later, and connects again.
    func tear() {
        guard isOpen else { return }
        isOpen = false
        network.world.note(number)
        let notice = network.dice.span(100...50_000)
        client.after(notice) { [weak link] in link?.lost(self) }
    }

    /// Sends a packet; what becomes of it is the weather's affair.
    func send(_ envelopes: [Envelope], toServer: Bool) {
        guard isOpen, !envelopes.isEmpty else { return network.countLost() }
        let weather = network.weather
        if network.dice.happens(weather.breaks) {
            network.countLost()
            return tear()
        }
        if network.dice.happens(weather.gaps) {
            network.countLost()
            network.world.after(network.dice.span(1_000...500_000)) { self.tear() }
            return
        }
        if network.dice.happens(weather.duplicates) { carry(envelopes, toServer, keepsOrder: false, extra: 100_000) }
        let overtaken = network.dice.happens(weather.overtakes)
        carry(envelopes, toServer, keepsOrder: !overtaken, extra: overtaken ? 300_000 : 0)
    }

    private func carry(_ envelopes: [Envelope], _ toServer: Bool, keepsOrder: Bool, extra: Int) {
        let delay = network.weather.delay
        var due = network.world.now + network.dice.span(delay.lowerBound...delay.upperBound + extra)
        if keepsOrder {
            due = max(due, toServer ? lastArrival.toServer : lastArrival.toClient)
            if toServer { lastArrival.toServer = due } else { lastArrival.toClient = due }
        }
        arrive(envelopes, toServer, at: due)
    }

    private func arrive(_ envelopes: [Envelope], _ toServer: Bool, at due: Instant) {
        let receiver = toServer ? server : client
        receiver.after(due.since(network.world.now)) { [self] in
            guard isOpen else { return network.countLost() }
            let (from, to) = toServer ? (client.name, server.name) : (server.name, client.name)
            let isKept = network.keepsBack(from: from, to: to) { [self] in
                arrive(envelopes, toServer, at: network.world.now)
            }
            guard !isKept else { return }
            if let healing = network.healing(from: from, to: to) {
                // TCP sends again until it gets through, in order; or it gives up some time.
                if network.dice.happens(200_000) { return tear() }
                return arrive(envelopes, toServer, at: healing)
            }
            network.countDelivered()
            if toServer { listener?.received(envelopes, from: self) } else { link?.received(envelopes, from: self) }
        }
    }
}
