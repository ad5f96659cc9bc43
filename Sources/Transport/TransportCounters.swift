/// What a node has carried since it started.
public struct TransportCounters: Sendable, Equatable {
    /// Messages received, those of the transport itself included.
    public var messagesIn = 0
    /// Messages sent.
    public var messagesOut = 0
    /// Frames received.
    public var framesIn = 0
    /// Frames sent.
    public var framesOut = 0
    /// Bytes of frames received.
    public var bytesIn = 0
    /// Bytes of frames sent.
    public var bytesOut = 0
    /// Messages and frames that our listeners refused.
    public var refused = 0
    /// Messages dropped: late replies, messages to peers that are gone, one-way messages beyond the bound.
    public var dropped = 0
    /// Peers given up because too much waited for them.
    public var stalledPeers = 0
    /// Errors of sockets that nothing could be done about.
    public var socketFailures = 0

    /// Counters at zero.
    public init() {}
}
