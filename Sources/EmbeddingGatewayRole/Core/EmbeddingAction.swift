import Support
import Wire

/// What the embedding-gateway's logic wants done; the driver does it.
enum EmbeddingAction<Asker> {
    /// Send a batch to a server.
    case send(number: UInt64, server: Int, body: [UInt8], path: String, timeout: Span)
    /// Give up a batch that was sent: its end is of no use any more.
    case cancel(number: UInt64)
    /// Tell who asked.
    case reply(Asker, EmbeddingAnswer)
    /// Call `retryDue` for the batch after this time.
    case wake(batch: UInt64, after: Span)
    /// Probe a server after this time.
    case probe(server: Int, after: Span)
}

/// The end of a request to the embedding-gateway.
enum EmbeddingAnswer {
    /// The vectors, in order.
    case embedded(Embedded)
    /// What stands behind the gateway.
    case described(EmbeddingDescribed)
    /// What keeps the gateway from getting vectors.
    case failed(Problem)
}

/// What the embedding-gateway has done, for its log.
struct EmbeddingCounters: Equatable {
    /// Texts asked for.
    var asked: UInt64 = 0
    /// Texts answered from memory.
    var remembered: UInt64 = 0
    /// Texts answered from the cache on disk.
    var archived: UInt64 = 0
    /// Texts that were on their way already.
    var joined: UInt64 = 0
    /// Texts sent, retries included.
    var sent: UInt64 = 0
    /// Batches sent.
    var batches: UInt64 = 0
    /// Batches that ended without vectors.
    var retried: UInt64 = 0
    /// Batches that went to another server because theirs was lost or took too long.
    var moved: UInt64 = 0

    /// One line for the log.
    var summary: String {
        """
        asked \(asked), remembered \(remembered), from the disk \(archived), joined \(joined), sent \(sent) in \
        \(batches) batches, retried \(retried), moved \(moved)
        """
    }
}
