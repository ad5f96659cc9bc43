import Curl
import Hashing
import Model
import Support
import Wire

@testable import LLMGatewayRole
@testable import Transport

/// The llm-gateway: its real logic, with simulated model servers behind it.
final class GatewayProcess {
    static let endpoint = "sim://llm-gateway"
    private static let servers = 2
    /// What the calls in flight at all servers weigh at most.
    private static let returningBytes = 8 * 1_000

    private let life: Life
    private let world: World
    private let models: ModelServers
    private var core: GatewayCore<Asker>
    private var sink: (any ReplySink)?
    private var requests: [CallID: Complete] = [:]
    /// Who waits for which call.
    private var asked: [PeerID: [UInt64: Ledger.Paid]] = [:]
    private var isSettling = false

    init(life: Life, network: Network, models: ModelServers, isTight: Bool) {
        self.life = life
        self.models = models
        world = network.world
        var limits = GatewayLimits()
        limits.requestTimeout = .seconds(5)
        limits.fleet.fixedWindow = 4
        if isTight { limits.queue.bytes = 1_500 }
        core = GatewayCore(limits: limits)
        let node = SimulatedNode(life: life, network: network)
        _ = node.listen(
            Self.endpoint, options: ListenerOptions(incarnation: life.number), handler: Intake(gateway: self))
        for server in 0..<Self.servers { core.add("sim://model-\(server)", at: world.now) }
        settle()
        scheduleTick()
    }

    private final class Intake: ListenerHandler, @unchecked Sendable {
        unowned let gateway: GatewayProcess

        init(gateway: GatewayProcess) { self.gateway = gateway }

        func received(_ batch: [(peer: PeerID, envelope: Envelope)], on sink: any ReplySink) {
            for (peer, envelope) in batch {
                gateway.take(
                    IncomingMessage(envelope), from: Asker(peer: peer, correlation: envelope.correlation), sink)
            }
            gateway.settle()
        }

        func peerLost(_ peer: PeerID, on sink: any ReplySink) { gateway.lost(peer) }
    }

    private func lost(_ peer: PeerID) {
        core.lost(at: world.now) { $0.peer == peer }
        settle()
    }

    private func take(_ message: IncomingMessage, from asker: Asker, _ sink: any ReplySink) {
        self.sink = sink
        switch message {
        case .complete(let arrived):
            requests[arrived.request.call] = arrived.request
            asked[asker.peer, default: [:]][asker.correlation] = Ledger.Paid(
                call: arrived.request.call, request: arrived.key.request)
            models.ledger.tell("gateway asked \(arrived.request.call) by \(asker)")
            core.complete(arrived, from: asker, at: world.now)
        case .cancel(let cancelled): core.cancel(cancelled, at: world.now)
        case .release(let released):
            for call in released.calls { models.ledger.tell("gateway releases \(call)") }
            core.release(released, at: world.now)
        case .describe: core.describe(to: asker)
        case .list, .change, .adapter:
            models.ledger.violated("a person's command came to the llm-gateway, and nobody sends any here")
        case .refused(let refusal):
            sink.send([(asker.peer, refusal.envelope(correlation: asker.correlation))])
        }
    }

    private func scheduleTick() {
        life.after(.milliseconds(100)) { [self] in
            core.tick(at: world.now)
            settle()
            scheduleTick()
        }
    }

    /// Does what the logic wants, until it wants no more.
    private func settle() {
        core.dispatch(at: world.now)
        // Calls that come back from a server are taken in whatever waits.
        if core.queue.bytes > core.limits.queue.bytes + Self.returningBytes {
            models.ledger.violated("I6: \(core.queue.bytes) bytes wait at the llm-gateway")
        }
        for action in core.takeActions() { perform(action) }
    }

    private func perform(_ action: GatewayAction<Asker>) {
        switch action {
        case .send(let flight): start(flight)
        case .cancel: break
        case .reply(let asker, let answer): reply(asker, answer)
        case .wake(let call, let after):
            life.after(after) { [self] in
                core.retryDue(call: call, at: world.now)
                settle()
            }
        case .probe(let server, let kind):
            life.after(.milliseconds(1)) { [self] in
                switch kind {
                case .health: core.healthAsked(server, nil, at: world.now)
                case .full: core.probed(server, .success(ModelServers.profile), at: world.now)
                }
                settle()
            }
        case .readLoad(let server): core.loadRead(server, nil, at: world.now)
        case .tell: break
        }
    }

    private func start(_ flight: Flight) {
        guard let request = requests[flight.call] else { return }
        models.answer(request, body: flight.body, timeout: flight.timeout, to: life) { [self] result in
            core.finished(flight: flight.number, result, at: world.now)
            settle()
        }
    }

    private func reply(_ asker: Asker, _ answer: GatewayReply) {
        let paid = asked[asker.peer]?.removeValue(forKey: asker.correlation)
        if case .completed = answer, let paid { models.ledger.gatewayCompleted(paid) }
        guard asker.correlation != 0 else { return }
        let envelope =
            switch answer {
            case .completed(let outcome): Self.envelope(Completed(outcome: outcome), asker)
            case .failed(let problem): Self.envelope(RequestFailed(problem), asker)
            case .described(let backends): Self.envelope(ModelsDescribed(backends: backends), asker)
            case .servers(let servers): Self.envelope(ServersListed(servers: servers), asker)
            case .adapters(let results): Self.envelope(AdapterManaged(results: results), asker)
            }
        sink?.send([(asker.peer, envelope)])
    }

    private static func envelope<Message: WireMessage>(_ message: Message, _ asker: Asker) -> Envelope {
        Envelope(kind: Message.kind.rawValue, correlation: asker.correlation, body: message.packed())
    }
}
