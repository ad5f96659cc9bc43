import Curl
import GatewayLogic
import Support

/// Every limit of the gateway, in one place.
struct GatewayLimits: Sendable {
    /// The queue's: bytes, ageing.
    var queue = DispatcherLimits()
    /// The servers': windows, breakers, budgets.
    var fleet = FleetPolicy()
    /// Bytes of answers that are kept until they are released.
    var memoBytes = 256 << 20
    /// Bytes of answers to deterministic requests that are remembered for whoever asks the same.
    var sharedBytes = 64 << 20
    /// How long they are remembered.
    var sharedAge = Span.seconds(600)
    /// How long a call lives on whose asker is gone, and an answer after its release: the lease of a host and a grace
    /// in which another takes over.
    var orphanGrace = Span.seconds(30)
    /// Answers that a call may have rejected. A request allows as many as it brings seeds, 16 at most, and this only
    /// cuts that: how often to ask again is the run's configuration to say.
    var maxAttempts = 16
    /// How long a call may take until its asker is told to wait and ask again.
    var deadline = Span.seconds(600)
    /// How long one try may take.
    var requestTimeout = Span.seconds(300)
    /// How long connecting may take.
    var connectTimeout = Span.seconds(5)
    /// Bytes of a reply that are read.
    var replyBytes = 4 << 20
    /// Bytes of a rejected answer that are reported.
    var rejectedBytes = 2_000
    /// Waits between tries.
    var retry = RetryPolicy()
}
