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
        if isTight { limits.queueBytes = 1_500 }
        core = GatewayCore(
            pool: BackendPool(urls: (0..<Self.servers).map { "sim://model-\($0)" }, window: 0), limits: limits)
        let node = SimulatedNode(life: life, network: network)
        _ = node.listen(
            Self.endpoint, options: ListenerOptions(incarnation: life.number), handler: Intake(gateway: self))
        core.start()
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
    }

    private func take(_ message: IncomingMessage, from asker: Asker, _ sink: any ReplySink) {
        self.sink = sink
        switch message {
        case .complete(let request):
            requests[request.call] = request
            asked[asker.peer, default: [:]][asker.correlation] = Ledger.Paid(
                call: request.call, request: request.spec.requestHash)
            models.ledger.tell("gateway asked \(request.call) by \(asker)")
            core.complete(request, from: asker, at: world.now)
        case .release(let released):
            for call in released.calls { models.ledger.tell("gateway releases \(call)") }
            core.release(released)
        case .describe: core.describe(to: asker)
        case .refused(let refusal):
            sink.send([(asker.peer, refusal.envelope(correlation: asker.correlation))])
        }
    }

    private func scheduleTick() {
        life.after(.milliseconds(500)) { [self] in
            core.expire(at: world.now)
            settle()
            scheduleTick()
        }
    }

    /// Does what the logic wants, until it wants no more.
    private func settle() {
        core.dispatch(at: world.now)
        // Calls that come back from a server are taken in whatever waits.
        if core.queue.bytes > core.limits.queueBytes + Self.returningBytes {
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
                core.retryDue(call: call)
                settle()
            }
        case .probe(let backend, let after):
            life.after(after) { [self] in
                core.probed(backend, .success(ModelServers.profile))
                settle()
            }
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
            }
        sink?.send([(asker.peer, envelope)])
    }

    private static func envelope<Message: WireMessage>(_ message: Message, _ asker: Asker) -> Envelope {
        Envelope(kind: Message.kind.rawValue, correlation: asker.correlation, body: message.packed())
    }
}
