import Support

/// Takes what a listener's peers send, on the node's thread: it must not wait, and what it starts should come back
/// through `ReplySink.send`.
public protocol ListenerHandler: Sendable {
    /// Messages arrived: all that one wake-up brought, in order for each peer. Each request, which has a correlation
    /// other than 0, wants exactly one reply with the same correlation; a request may come twice after a failure.
    func received(_ batch: [(peer: PeerID, envelope: Envelope)], on sink: any ReplySink)
    /// A client said hello and is welcome.
    func peerArrived(_ peer: PeerID, _ introduction: PeerIntroduction, on sink: any ReplySink)
    /// A client left, fell silent or took too little; replies to it are dropped from now on.
    func peerLost(_ peer: PeerID, on sink: any ReplySink)
}

extension ListenerHandler {
    /// Does nothing.
    public func peerArrived(_ peer: PeerID, _ introduction: PeerIntroduction, on sink: any ReplySink) {}
    /// Does nothing.
    public func peerLost(_ peer: PeerID, on sink: any ReplySink) {}
}

/// A bound endpoint that serves many clients.
public final class Listener: ReplySink {
    /// The endpoint as bound, with the port that the system chose.
    public let endpoint: String
    private let number: Int
    private let outbox: Outbox

    init(endpoint: String, number: Int, outbox: Outbox) {
        self.endpoint = endpoint
        self.number = number
        self.outbox = outbox
    }

    /// Sends messages to peers, from any thread, never waiting. Those to peers that are gone are dropped and counted.
    public func send(_ messages: [(peer: PeerID, envelope: Envelope)]) {
        guard !messages.isEmpty else { return }
        outbox.push(.reply(listener: number, messages))
    }

    /// Says goodbye to all peers and stops listening.
    public func close() { outbox.push(.closeListener(number)) }
}
