import Support
import ZeroMQ

/// A process's place in the network: one thread that owns all its sockets.
///
/// Messages move in batches, in and out, and small ones to the same peer share a frame. Call `close` when done.
public final class TransportNode: Sendable {
    private static let linger = Span.milliseconds(500)
    /// Frames queued in libzmq for each connection, either way: enough to keep it busy, while what waits beyond that
    /// is in our own bounded queues.
    private static let highWaterMark: Int32 = 64

    private let context: ZeroMQContext
    private let outbox: Outbox
    private let clock: any MonotonicClock
    private let thread: OSThread
    private let published = Guarded(TransportCounters())
    private let isClosed = Guarded(false)

    /// Starts the node's thread. `name` is what `top` shows, cut to 15 bytes.
    public init(name: String = "transport", clock: any MonotonicClock = SystemClock()) throws(UserError) {
        let context: ZeroMQContext
        do {
            context = try ZeroMQContext()
        } catch {
            throw UserError("\(error)", exitCode: .osError)
        }
        self.context = context
        let outbox = try Outbox()
        let published = published
        self.outbox = outbox
        self.clock = clock
        thread = try OSThread(name: name) {
            // The context must outlive the sockets also when the node itself is let go without `close`.
            withExtendedLifetime(context) {
                NodeLoop(outbox: outbox, clock: clock, published: published).run()
            }
        }
    }

    deinit {
        if !isClosed.withLock({ $0 }) {
            outbox.push(.closeNode)
            thread.detach()
        }
    }

    /// What was carried so far, as of the thread's last wake-up.
    public var counters: TransportCounters { published.withLock { $0 } }

    /// Binds an endpoint and serves clients: `ipc://PATH`, whose folder is made for the owner alone when it is missing,
    /// or `tcp://127.0.0.1:PORT`, where `*` lets the system choose the port.
    public func listen(
        _ endpoint: String, options: ListenerOptions, handler: any ListenerHandler
    ) throws(UserError) -> Listener {
        try EndpointRule.check(endpoint)
        try EndpointRule.prepareFolder(of: endpoint)
        let number = Int(clamping: outbox.nextNumber())
        do {
            let socket = try context.socket(.router)
            try socket.set([.routerMandatory(true)] + Self.common(options.maxFrameBytes))
            try socket.bind(endpoint)
            let listener = Listener(endpoint: try socket.lastEndpoint(), number: number, outbox: outbox)
            let port = ListenerPort(
                number: number, socket: socket, listener: listener, options: options, handler: handler)
            outbox.push(.adoptListener(port))
            return listener
        } catch {
            let advice = error.isAddressInUse ? "another process listens there: stop it or choose another endpoint" : ""
            throw UserError("\(error)", at: endpoint, advice: advice, exitCode: .osError)
        }
    }

    /// Connects to a server in the background and says hello. `onEvent` is called on the node's thread and must not
    /// wait.
    public func connect(
        _ endpoint: String, introduction: PeerIntroduction, options: ConnectionOptions = ConnectionOptions(),
        onEvent: @escaping @Sendable (ConnectionEvent) -> Void = { _ in }
    ) throws(UserError) -> Connection {
        try EndpointRule.check(endpoint)
        let number = Int(clamping: outbox.nextNumber())
        do {
            let socket = try context.socket(.dealer)
            // Not `immediate`: with it libzmq drops replies that arrived and were not read when a connection ends.
            try socket.set([.reconnectInterval(.milliseconds(50)), .reconnectIntervalMaximum(.seconds(1))])
            try socket.set(Self.common(options.maxFrameBytes))
            try socket.connect(endpoint)
            let port = ConnectionPort(
                number: number, socket: socket, introduction: introduction, options: options, now: clock.now(),
                onEvent: onEvent)
            outbox.push(.adoptConnection(port))
            return Connection(endpoint: endpoint, number: number, outbox: outbox)
        } catch {
            throw UserError("\(error)", at: endpoint, exitCode: .osError)
        }
    }

    /// Says goodbye to all peers, fails what is outstanding with `TransportError.closed`, and ends the thread. Waits
    /// at most half a second for messages that are still to be sent. Not to be called on the node's own thread.
    public func close() {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        guard isFirst else { return }
        precondition(!thread.isCurrent, "a node cannot be closed by its own thread, which would wait for itself")
        outbox.push(.closeNode)
        thread.join()
        // Every socket is closed: this waits for their linger time only.
        try? context.close()
    }

    private static func common(_ maxFrameBytes: Int) -> [ZeroMQOption] {
        [
            .linger(linger), .sendHighWaterMark(highWaterMark), .receiveHighWaterMark(highWaterMark),
            // Between the two limits a frame is answered with a refusal; beyond, the peer is cut off.
            .maximumMessageBytes(Int64(clamping: maxFrameBytes) * 2),
            .handshakeInterval(.seconds(5)), .heartbeatInterval(.seconds(2)), .heartbeatTimeout(.seconds(6)),
            .heartbeatTTL(.seconds(6)),
        ]
    }
}
