import DequeModule
import Hashing
import JSON
import Support

/// Work that several calls have in common: under way once, and its answer remembered for a while.
///
/// Remembered answers are bounded in bytes and age; the oldest go first.
struct SharedAnswers {
    /// What is known of a piece of work.
    enum Entry {
        /// A call is at it: the others follow that call.
        case led(by: UInt64)
        /// This is what the server said.
        case known(ChatCompletionReply)
    }

    private struct Remembered {
        var key: WorkKey
        var bytes: Int
        var until: Instant
    }

    private var entries: [WorkKey: Entry] = [:]
    private var order = Deque<Remembered>()

    /// Most bytes of answers that are remembered.
    let limit: Int
    /// How long an answer is remembered.
    let age: Span
    /// Bytes of answers that are remembered.
    private(set) var bytes = 0

    init(limit: Int, age: Span) {
        self.limit = limit
        self.age = age
    }

    /// What is known of the work.
    func entry(_ key: WorkKey) -> Entry? { entries[key] }

    /// Notes that the call is at it. Nobody else is.
    mutating func lead(_ key: WorkKey, by call: UInt64) {
        precondition(entries[key] == nil, "work that is known is done again")
        entries[key] = .led(by: call)
    }

    /// The call that led brought no answer.
    mutating func abandon(_ key: WorkKey, by call: UInt64) {
        if case .led(call) = entries[key] { entries[key] = nil }
    }

    /// The call that led brought this answer.
    mutating func remember(_ key: WorkKey, _ reply: ChatCompletionReply, at now: Instant) {
        guard case .led = entries[key] else { return }
        // About 300 bytes for the tables around it.
        let alternatives = (reply.alternatives ?? []).reduce(0) { $0 + 64 + $1.bytes.count }
        let size = 300 + (reply.content?.utf8.count ?? 0) + (reply.model?.utf8.count ?? 0) + alternatives
        guard size <= limit else {
            entries[key] = nil
            return
        }
        entries[key] = .known(reply)
        order.append(Remembered(key: key, bytes: size, until: now + age))
        bytes += size
        while bytes > limit { dropOldest() }
    }

    /// Forgets what is too old.
    mutating func expire(at now: Instant) {
        while let oldest = order.first, oldest.until <= now { dropOldest() }
    }

    private mutating func dropOldest() {
        guard let oldest = order.popFirst() else { return }
        entries[oldest.key] = nil
        bytes -= oldest.bytes
    }
}
