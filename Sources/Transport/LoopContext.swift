import MessagePack
import Support
import ZeroMQ

/// What the ports share while the node's thread works on them.
struct LoopContext: ~Copyable {
    /// The time at which this round of the loop began.
    var now: Instant
    var counters = TransportCounters()
    var packer = Packer()

    init(now: Instant) { self.now = now }
}

extension ZeroMQSocket {
    /// The next part of a message, or nil when nothing is there.
    func nextPart(_ context: inout LoopContext) -> (bytes: [UInt8], hasMore: Bool)? {
        do {
            return try receive { bytes, hasMore in (Array(bytes), hasMore) }
        } catch {
            context.counters.socketFailures += 1
            return nil
        }
    }
}
