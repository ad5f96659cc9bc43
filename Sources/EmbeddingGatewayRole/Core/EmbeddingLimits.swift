import Curl
import Support

/// Every limit of the embedding-gateway, in one place.
struct EmbeddingLimits: Sendable {
    /// Bytes of texts that may wait.
    var queueBytes = 128 << 20
    /// Bytes of vectors that are kept.
    var cacheBytes = 256 << 20
    /// Texts in a batch at most.
    var batchTexts = 32
    /// Bytes of texts in a batch at most, but for a single longer text.
    var batchBytes = 64 << 10
    /// Batches in flight at each server.
    var batches = 4
    /// How long a text may wait for others to share its batch.
    var batchDelay = Span.milliseconds(2)
    /// How long a request may take until its asker is told to wait and ask again.
    var deadline = Span.seconds(600)
    /// How long one try may take.
    var requestTimeout = Span.seconds(120)
    /// How long connecting may take.
    var connectTimeout = Span.seconds(5)
    /// Bytes of a reply that are read.
    var replyBytes = 64 << 20
    /// Waits between tries.
    var retry = RetryPolicy()
    /// Waits between probes of a server that does not work.
    var probe = RetryPolicy(first: .milliseconds(200), longest: .milliseconds(5_000))
}
