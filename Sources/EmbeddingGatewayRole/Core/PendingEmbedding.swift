import Hashing
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
    let arrived: Instant
    var wanted: [(request: PendingRequest<Asker>, index: Int)]

    init(key: Digest128, text: String, arrived: Instant) {
        self.key = key
        self.text = text
        self.arrived = arrived
        wanted = []
    }

    /// Whether anybody still waits for it.
    var isWanted: Bool { wanted.contains { !$0.request.isOver } }
}

/// Texts that travel together.
struct TextBatch<Asker> {
    var texts: [PendingText<Asker>]
    /// Tries that failed.
    var retries = 0
    /// Why the last of them failed.
    var lastTrouble = ""
}
