import Curl
import GatewayLogic
import Logging
import Support
import Transport
import Wire

/// The running gateway: clients on one side, model servers on the other.
final class LLMGateway: Sendable {
    /// What one client may have unanswered: a host keeps the calls of its whole window here.
    private static let credit = Credit(messages: 65_536, bytes: 256 << 20)

    private let loop: HTTPLoop
    private let driver: LoopConfined<GatewayDriver>
    private let listener: Listener
    private let watch: ServerWatch

    /// The endpoint as bound.
    var endpoint: String { listener.endpoint }

    /// Binds `endpoint` and starts probing the servers.
    init(
        node: TransportNode, endpoint: String, incarnation: UInt64, access: ServerAccess,
        sources: ServerSources = ServerSources(), models: [String], policy: PlacementPolicy, limits: GatewayLimits,
        clock: any MonotonicClock, logger: Logger
    ) throws(UserError) {
        let loop = try HTTPLoop(name: "llm-gateway", clock: clock)
        let driver = LoopConfined(on: loop) {
            GatewayDriver(
                access: access, sources: sources, models: models, policy: policy, limits: limits, loop: loop,
                clock: clock, logger: logger)
        }
        self.loop = loop
        self.driver = driver
        listener = try node.listen(
            endpoint, options: ListenerOptions(incarnation: incarnation, credit: Self.credit),
            handler: MessageIntake(loop: loop, driver: driver))
        let watch = try ServerWatch(sources) { news in loop.execute { driver.value.heard(news) } }
        self.watch = watch
        loop.execute {
            driver.value.namesChanged = { [weak watch] in watch?.resolve($0) }
            driver.value.start()
        }
    }

    /// Stops listening and gives up what is under way; hosts ask again.
    func close() {
        watch.stop()
        listener.close()
        loop.shutdown()
    }

    /// Has the loop say how it is; nil once it has ended.
    func read(_ done: @escaping @Sendable (GatewayReading?) -> Void) {
        let isAccepted = loop.execute { [driver] in done(driver.value.reading) }
        if !isAccepted { done(nil) }
    }

    /// Reads the servers' file again, changed or not.
    func reload() { watch.reload() }

    /// What was done so far.
    func counters() async -> GatewayCounters? {
        await withCheckedContinuation { done in
            let isAccepted = loop.execute { [driver] in done.resume(returning: driver.value.counters) }
            if !isAccepted { done.resume(returning: nil) }
        }
    }
}

/// Reads messages on the network's thread and hands each batch to the loop in one piece.
private struct MessageIntake: ListenerHandler {
    let loop: HTTPLoop
    let driver: LoopConfined<GatewayDriver>

    func received(_ batch: [(peer: PeerID, envelope: Envelope)], on sink: any ReplySink) {
        let messages = batch.map { item in
            (
                asker: Asker(peer: item.peer, correlation: item.envelope.correlation),
                message: IncomingMessage(item.envelope)
            )
        }
        loop.execute { driver.value.receive(messages, through: sink) }
    }

    func peerLost(_ peer: PeerID, on sink: any ReplySink) { loop.execute { driver.value.lost(peer) } }
}
