import DequeModule
import Hashing
import Model
import Support

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
/// somebody says that they are durable, and a while longer: a request that lay in a socket while its host stood still
/// may come after another host has taken over and finished.
///
/// Bounded in bytes: beyond that released answers go first and then the oldest, which costs a call paid again if its
/// host died meanwhile.
struct IdentityMemo {
    enum Entry {
        /// Under way, as this pending call.
        case pending(UInt64)
        /// Ended so; released as this number in order, or 0 when it is not.
        case kept(CompletionOutcome, bytes: Int, released: UInt64)
    }

    private struct Release {
        var key: CallKey
        var number: UInt64
        var until: Instant
    }

    private var entries: [CallKey: Entry] = [:]
    private var keys: [CallID: [CallKey]] = [:]
    private var order = Deque<CallKey>()
    private var releases = Deque<Release>()
    private var lastRelease: UInt64 = 0

    /// Most bytes of answers that are kept.
    let limit: Int
    /// How long an answer is kept after its release.
    let grace: Span
    /// Bytes of answers that are kept.
    private(set) var bytes = 0
    /// Answers that are kept.
    private(set) var kept = 0
    /// Answers that went before they were released.
    private(set) var evicted = 0

    init(limit: Int, grace: Span) {
        self.limit = limit
        self.grace = grace
    }

    /// What is known of the call.
    func entry(_ key: CallKey) -> Entry? { entries[key] }

    /// The calls under way of this identity, whatever they ask.
    func pending(_ call: CallID, of run: String) -> [UInt64] {
        (keys[call] ?? []).compactMap { key in
            if key.run == run, case .pending(let number) = entries[key] { return number }
            return nil
        }
    }

    /// Notes that a call is under way.
    mutating func begin(_ key: CallKey, as number: UInt64) {
        if entries.updateValue(.pending(number), forKey: key) == nil { keys[key.call, default: []].append(key) }
    }

    /// Keeps the end of a call that is under way.
    mutating func keep(_ key: CallKey, _ outcome: CompletionOutcome) {
        guard case .pending = entries[key] else { return }
        let size = Self.size(outcome)
        entries[key] = .kept(outcome, bytes: size, released: 0)
        order.append(key)
        bytes += size
        kept += 1
        while bytes > limit, let oldest = releases.popFirst() { end(oldest) }
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

    /// The answers of a run's call are durable: they are forgotten after the grace. One under way is left alone.
    mutating func release(_ call: CallID, of run: String, at now: Instant) {
        for key in keys[call] ?? [] where key.run == run {
            guard case .kept(let outcome, let bytes, 0) = entries[key] else { continue }
            lastRelease += 1
            entries[key] = .kept(outcome, bytes: bytes, released: lastRelease)
            releases.append(Release(key: key, number: lastRelease, until: now + grace))
        }
    }

    /// Forgets the answers whose grace is over.
    mutating func expire(at now: Instant) {
        while let oldest = releases.first, oldest.until <= now {
            _ = releases.popFirst()
            end(oldest)
        }
        trimOrder()
    }

    private mutating func end(_ release: Release) {
        if case .kept(_, _, release.number) = entries[release.key] { forget(release.key) }
    }

    /// Entries that were released stay in the order until they outweigh the others.
    private mutating func trimOrder() {
        guard order.count > 2 * kept + 1024 else { return }
        order = Deque(
            order.filter { key in
                if case .kept = entries[key] { return true }
                return false
            })
    }

    private mutating func forget(_ key: CallKey) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        if case .kept(_, let size, _) = entry {
            bytes -= size
            kept -= 1
        }
        keys[key.call]?.removeAll { $0 == key }
        if keys[key.call]?.isEmpty == true { keys[key.call] = nil }
    }

    /// What an entry costs, with about 300 bytes for the tables around it.
    private static func size(_ outcome: CompletionOutcome) -> Int {
        let rejected = outcome.rejected.reduce(0) { $0 + $1.answer.utf8.count + $1.reason.utf8.count + 64 }
        let drawn = 4 * (outcome.distribution?.probabilities.count ?? 0) + outcome.fallback.utf8.count
        return 300 + (outcome.answer?.utf8.count ?? 0) + outcome.rejection.utf8.count + rejected + drawn
    }
}
