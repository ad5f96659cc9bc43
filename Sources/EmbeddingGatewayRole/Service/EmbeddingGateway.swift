import Curl
import Logging
import Support
import Transport

/// The running gateway: clients on one side, embedding servers on the other.
final class EmbeddingGateway: Sendable {
    /// What one client may have unanswered.
    private static let credit = Credit(messages: 65_536, bytes: 256 << 20)

    private let loop: HTTPLoop
    private let driver: LoopConfined<EmbeddingDriver>
    private let listener: Listener

    /// The endpoint as bound.
    var endpoint: String { listener.endpoint }

    /// Binds `endpoint` and starts probing the servers.
    init(
        node: TransportNode, endpoint: String, incarnation: UInt64, access: ServerAccess, model: String?,
        limits: EmbeddingLimits, cache: VectorFolderSettings? = nil, clock: any MonotonicClock, logger: Logger
    ) throws(UserError) {
        let loop = try HTTPLoop(name: "embedding-gw", clock: clock)
        let driver = LoopConfined(on: loop) {
            EmbeddingDriver(
                access: access, model: model, limits: limits, cache: cache, loop: loop, clock: clock,
                logger: logger)
        }
        self.loop = loop
        self.driver = driver
        listener = try node.listen(
            endpoint, options: ListenerOptions(incarnation: incarnation, credit: Self.credit),
            handler: EmbeddingIntake(loop: loop, driver: driver))
        loop.execute { driver.value.start() }
    }

    /// Stops listening and gives up what is under way; hosts ask again.
    func close() {
        listener.close()
        loop.execute { [driver] in driver.value.flush() }
        loop.shutdown()
    }

    /// Has the loop say how it is; nil once it has ended.
    func read(_ done: @escaping @Sendable (EmbeddingReading?) -> Void) {
        let isAccepted = loop.execute { [driver] in done(driver.value.reading) }
        if !isAccepted { done(nil) }
    }

    /// What was done so far.
    func counters() async -> EmbeddingCounters? {
        await withCheckedContinuation { done in
            let isAccepted = loop.execute { [driver] in done.resume(returning: driver.value.counters) }
            if !isAccepted { done.resume(returning: nil) }
        }
    }
}

/// Reads messages on the network's thread and hands each batch to the loop in one piece.
private struct EmbeddingIntake: ListenerHandler {
    let loop: HTTPLoop
    let driver: LoopConfined<EmbeddingDriver>

    func received(_ batch: [(peer: PeerID, envelope: Envelope)], on sink: any ReplySink) {
        let messages = batch.map { item in
            (
                asker: EmbeddingAsker(peer: item.peer, correlation: item.envelope.correlation),
                message: EmbeddingMessage(item.envelope)
            )
        }
        loop.execute { driver.value.receive(messages, through: sink) }
    }
}
