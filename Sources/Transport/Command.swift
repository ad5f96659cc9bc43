import Support

/// Ends a request: called once, on the socket's thread.
typealias Completion = @Sendable (Result<Envelope, TransportError>) -> Void

/// What other threads ask of a node's thread.
///
/// The ports hold sockets, which change hands here for good, through the outbox's lock.
enum Command: @unchecked Sendable {
    case adoptListener(ListenerPort)
    case adoptConnection(ConnectionPort)
    case reply(listener: Int, [(peer: PeerID, envelope: Envelope)])
    case request(connection: Int, Envelope, Completion)
    case post(connection: Int, [Envelope])
    case cancel(connection: Int, correlation: UInt64)
    case closeListener(Int)
    case closeConnection(Int)
    case closeNode
}
