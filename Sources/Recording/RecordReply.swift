import Hashing
import Model

/// The store's answer to a request that it did not refuse; durable when it is given.
public enum RecordReply: Sendable, Equatable {
    /// It is durable.
    case done
    /// The tree is durable.
    case committed
    /// The same tree was durable already.
    case duplicate
    /// Other outcomes are durable: run the turn again with those that are recorded for the root.
    case rerun
    /// Nothing was written: these named outcomes are not durable yet. Give the commit again when they are.
    case missing([OutcomeName])
    /// The round is merged.
    case merged(MergeCounts)
    /// The interventions are kept; the first round with each of them.
    case intervened([UInt32])
    /// The round is closed, with its link of the digest chain.
    case closed(Digest256)
}

/// A merged round in numbers.
public struct MergeCounts: Hashable, Sendable {
    /// Root turns, failed ones included.
    public var roots: UInt64
    /// Root turns that failed.
    public var failed: UInt64
    /// Operations on the environment.
    public var contributions: UInt64
    /// Interventions that take effect with the next round.
    public var interventions: UInt64

    /// A merged round.
    public init(roots: UInt64, failed: UInt64, contributions: UInt64, interventions: UInt64 = 0) {
        self.roots = roots
        self.failed = failed
        self.contributions = contributions
        self.interventions = interventions
    }
}

/// Why the store does not do what it is asked. Nothing was written.
public struct RecordRefusal: Error, Hashable, Sendable {
    /// The kinds of refusal.
    public enum Kind: Sendable {
        /// The sender's epoch is not the current one.
        case fenced
        /// The request contradicts what is durable.
        case conflict
        /// Something that the request needs is not there yet: the same request may succeed later.
        case unavailable
        /// What was asked for does not exist.
        case notFound
        /// The request makes no sense.
        case invalid
    }

    /// The kind of refusal.
    public var kind: Kind
    /// What happened.
    public var what: String
    /// What to do.
    public var advice: String

    /// A refusal of this kind.
    public init(_ kind: Kind, _ what: String, advice: String = "") {
        self.kind = kind
        self.what = what
        self.advice = advice
    }
}
