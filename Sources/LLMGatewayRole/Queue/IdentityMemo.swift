import Hashing
import Model

/// The key under which a call is sent once and its answer kept: who asks, and what.
struct CallKey: Hashable {
    /// The run.
    var run: String
    /// The call.
    var call: CallID
    /// Hash of the request: the same call with another request is another call.
    var request: Digest128
}

/// What is known of calls by identity: those under way, to be joined, and the answers of those that ended, until
/// somebody says that they are durable.
///
/// Bounded in bytes: beyond that the oldest answers go, which costs a call paid again if its host died meanwhile.
struct IdentityMemo {
    enum Entry {
        /// Under way, as this pending call.
        case pending(UInt64)
        /// Ended so.
        case kept(CompletionOutcome, bytes: Int)
    }

    private var entries: [CallKey: Entry] = [:]
    private var keys: [CallID: [CallKey]] = [:]
    private var order = FirstInFirstOut<CallKey>()

    /// Most bytes of answers that are kept.
    let limit: Int
    /// Bytes of answers that are kept.
    private(set) var bytes = 0
    /// Answers that are kept.
    private(set) var kept = 0
    /// Answers that went before they were released.
    private(set) var evicted = 0

    init(limit: Int) { self.limit = limit }

    /// What is known of the call.
    func entry(_ key: CallKey) -> Entry? { entries[key] }

    /// Notes that a call is under way.
    mutating func begin(_ key: CallKey, as number: UInt64) {
        if entries.updateValue(.pending(number), forKey: key) == nil { keys[key.call, default: []].append(key) }
    }

    /// Keeps the end of a call that is under way.
    mutating func keep(_ key: CallKey, _ outcome: CompletionOutcome) {
        guard case .pending = entries[key] else { return }
        let size = Self.size(outcome)
        entries[key] = .kept(outcome, bytes: size)
        order.append(key)
        bytes += size
        kept += 1
        while bytes > limit, let oldest = order.popFirst() {
            guard case .kept = entries[oldest] else { continue }
            forget(oldest)
            evicted += 1
        }
    }

    /// Forgets a call under way that ended without an outcome.
    mutating func abandon(_ key: CallKey) {
        if case .pending = entries[key] { forget(key) }
    }

    /// Forgets the answers of a run's call. One that is under way again is left alone.
    mutating func release(_ call: CallID, of run: String) {
        for key in keys[call] ?? [] where key.run == run {
            if case .kept = entries[key] { forget(key) }
        }
        trimOrder()
    }

    /// Entries that were released stay in the order until they outweigh the others.
    private mutating func trimOrder() {
        guard order.count > 2 * kept + 1024 else { return }
        order.keepAll { key in
            if case .kept = entries[key] { return true }
            return false
        }
    }

    private mutating func forget(_ key: CallKey) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        if case .kept(_, let size) = entry {
            bytes -= size
            kept -= 1
        }
        keys[key.call]?.removeAll { $0 == key }
        if keys[key.call]?.isEmpty == true { keys[key.call] = nil }
    }

    /// What an entry costs, with about 300 bytes for the tables around it.
    private static func size(_ outcome: CompletionOutcome) -> Int {
        let rejected = outcome.rejected.reduce(0) { $0 + $1.answer.utf8.count + $1.reason.utf8.count + 64 }
        return 300 + (outcome.answer?.utf8.count ?? 0) + outcome.rejection.utf8.count + rejected
    }
}
