import Support

/// When a silent peer is asked for a sign of life, and when it counts as gone.
public struct Liveness: Sendable, Equatable {
    /// A ping goes out when nothing else was sent for this long.
    public var pingInterval: Span
    /// A peer that was silent for this long is down.
    public var silenceLimit: Span

    /// By default a ping each second, and down after six.
    public init(pingInterval: Span = .seconds(1), silenceLimit: Span = .seconds(6)) {
        self.pingInterval = pingInterval
        self.silenceLimit = silenceLimit
    }
}

/// How a server treats its clients.
public struct ListenerOptions: Sendable {
    /// What each client may have unanswered.
    public var credit: Credit
    /// Version of the messages above the transport; clients that say another one are refused.
    public var expectedProtocol: UInt64
    /// Longest frame accepted and sent, in bytes.
    public var maxFrameBytes: Int
    /// Bytes that may wait for one slow client before it is given up.
    public var maxPendingBytes: Int
    /// Most clients at a time.
    public var maxPeers: Int
    /// Differs for every start of the server: clients that see it change send their requests again.
    public var incarnation: UInt64
    /// When clients are asked for a sign of life and when they are lost.
    public var liveness: Liveness
    /// Decides whether a client may come in; nil admits it.
    public var admission: @Sendable (PeerIntroduction) -> Refusal?

    /// Options; see the properties.
    public init(
        incarnation: UInt64, credit: Credit = Credit(messages: 4096, bytes: 64 << 20), expectedProtocol: UInt64 = 1,
        maxFrameBytes: Int = 64 << 20, maxPendingBytes: Int = 256 << 20, maxPeers: Int = 16_384,
        liveness: Liveness = Liveness(), admission: @escaping @Sendable (PeerIntroduction) -> Refusal? = { _ in nil }
    ) {
        self.credit = credit
        self.expectedProtocol = expectedProtocol
        self.maxFrameBytes = maxFrameBytes
        self.maxPendingBytes = maxPendingBytes
        self.maxPeers = maxPeers
        self.incarnation = incarnation
        self.liveness = liveness
        self.admission = admission
    }
}

/// How a client treats its server.
public struct ConnectionOptions: Sendable {
    /// Version of the messages above the transport.
    public var protocolVersion: UInt64
    /// Longest frame accepted and sent, in bytes; the server's own limit holds besides.
    public var maxFrameBytes: Int
    /// Bytes of requests that may wait for credit, and bytes of one-way messages that may wait to be sent.
    public var maxWaitingBytes: Int
    /// When the server is asked for a sign of life and when it counts as down.
    public var liveness: Liveness

    /// Options; see the properties.
    public init(
        protocolVersion: UInt64 = 1, maxFrameBytes: Int = 64 << 20, maxWaitingBytes: Int = 1 << 30,
        liveness: Liveness = Liveness()
    ) {
        self.protocolVersion = protocolVersion
        self.maxFrameBytes = maxFrameBytes
        self.maxWaitingBytes = maxWaitingBytes
        self.liveness = liveness
    }
}
