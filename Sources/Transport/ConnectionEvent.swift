/// What a connection tells besides the answers to requests, on the socket's thread.
public enum ConnectionEvent: Sendable, Equatable {
    /// The server welcomed us, for the first time or again. `isRestart` tells that it is another start of the server
    /// than the last: what it kept only in memory is gone. Requests without an answer are sent again on their own.
    case up(serverIncarnation: UInt64, isRestart: Bool)
    /// Nothing was heard of the server for the silence limit, or it said goodbye. Requests wait for its return.
    case down
    /// The server sent a message that answers no request.
    case received(Envelope)
    /// The server refused us, or something that was no request.
    case refused(Refusal)
}
