import Hashing
import Model
import Support

/// A client's request that lacks vectors.
final class PendingRequest<Asker> {
    let asker: Asker
    let deadline: Instant
    var vectors: [[UInt8]]
    var missing: Int
    /// Answered, or given up.
    var isOver = false

    init(asker: Asker, count: Int, deadline: Instant) {
        self.asker = asker
        self.deadline = deadline
        vectors = [[UInt8]](repeating: [], count: count)
        missing = count
    }
}

/// A text whose vector is on its way, with everybody who wants it.
final class PendingText<Asker> {
    let key: Digest128
    let text: String
    let format: VectorFormat
    let arrived: Instant
    /// Tokens, as estimated from the bytes: no server's own count is known before it is asked.
    let tokens: Int
    var wanted: [(request: PendingRequest<Asker>, index: Int)]
    /// Has its vector, or was given up: another try at it means nothing.
    var isDone = false

    init(key: Digest128, text: String, format: VectorFormat, arrived: Instant) {
        self.key = key
        self.text = text
        self.format = format
        self.arrived = arrived
        tokens = text.utf8.count / 4 + 2
        wanted = []
    }

    /// Whether anybody still waits for it.
    var isWanted: Bool { !isDone && wanted.contains { !$0.request.isOver } }

    /// What it takes of the queue.
    var bytes: Int { text.utf8.count + 64 }
}

/// Texts that travel together.
struct TextBatch<Asker> {
    var texts: [PendingText<Asker>]
    /// Tries that failed.
    var retries = 0
    /// The server that it did not come back from: another one is tried where there is one.
    var avoided: Int?
    /// Set where the batch is on its way twice, because a server took too long: the number of the first flight.
    var twin: UInt64?
    /// Set where it is one half of a batch that was refused.
    var refusal: RefusedBatch?
}

/// A batch that a server refused, of which the halves are tried.
final class RefusedBatch {
    let server: Int
    let texts: Int
    private var accepted = 0

    init(server: Int, texts: Int) {
        self.server = server
        self.texts = texts
    }

    /// One half was accepted by the same server. True once both were: then it was not a text that was too long, but
    /// texts that were too many.
    func halfAccepted(by server: Int) -> Bool {
        guard server == self.server else { return false }
        accepted += 1
        return accepted == 2
    }
}

/// A batch at a server.
struct BatchFlight<Asker> {
    var batch: TextBatch<Asker>
    var server: Int
    var began: Instant
}
