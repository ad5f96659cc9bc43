import Transport

/// Who waits for a reply, and under which number.
struct Asker: Sendable {
    /// The client.
    var peer: PeerID
    /// The request that the reply answers.
    var correlation: UInt64
}
