import Curl
import Support

/// Every limit of the embedding-gateway, in one place.
struct EmbeddingLimits: Sendable {
    /// Bytes of texts that may wait.
    var queueBytes = 128 << 20
    /// Bytes of vectors that are kept in memory.
    var memoryBytes = 256 << 20
    /// Texts in a batch at most; how many it really holds is measured for each server.
    var batchTexts = 256
    /// Tokens in a batch at most once all texts are filled up to the longest, but for a single longer text.
    var batchTokens = 16_384
    /// Batches in flight at each server at most.
    var batches = 8
    /// How long a text may wait for others to share its batch.
    var batchDelay = Span.milliseconds(2)
    /// How long a request may take until its asker is told to wait and ask again.
    var deadline = Span.seconds(600)
    /// How long one try may take.
    var requestTimeout = Span.seconds(120)
    /// A server whose batch takes so many times as long as usual counts as lost, where another one can do its work.
    var patience = 10
    /// ... but not before this time.
    var shortestPatience = Span.seconds(1)
    /// ... which is this where no usual time is known.
    var firstPatience = Span.seconds(20)
    /// How long connecting may take.
    var connectTimeout = Span.seconds(5)
    /// Bytes of a reply that are read.
    var replyBytes = 64 << 20
    /// Waits between tries.
    var retry = RetryPolicy()
    /// Waits between probes of a server that does not work.
    var probe = RetryPolicy(first: .milliseconds(200), longest: .milliseconds(5_000))
}
