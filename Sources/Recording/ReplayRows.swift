import Hashing
import Model

/// A round as its row says.
public struct RecordedRound: Hashable, Sendable {
    /// Its number, from 1.
    public var number: UInt32
    /// Simulated seconds since the start of the run, at its start.
    public var time: Int64
    /// Its link of the digest chain; nil while it is not closed.
    public var digest: Digest256?
    /// When it opened, in milliseconds since 1970 by the machine's clock.
    public var openedAt: Int64
    /// When it closed, likewise; nil while it is not closed.
    public var closedAt: Int64?
}

/// A committed root turn.
public struct RecordedRoot: Hashable, Sendable {
    /// Its identity.
    public var turn: TurnID
    /// Whose turn it was.
    public var agent: AgentID
    /// What started it.
    public var kind: RootKind
    /// The digest of its tree.
    public var digest: Digest256
    /// The tree's key in the recording.
    public var tree: Int64
}

/// The outcomes of one turn.
public struct RecordedTurn: Sendable {
    /// Numbers of the calls with how they ended, ascending by number.
    private var outcomes: [(number: UInt32, outcome: RecordedOutcome)] = []

    /// How a call ended, nil where the turn used no such call.
    public subscript(number: UInt32) -> RecordedOutcome? {
        var low = 0
        var high = outcomes.count
        while low < high {
            let middle = (low + high) / 2
            if outcomes[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low < outcomes.count && outcomes[low].number == number ? outcomes[low].outcome : nil
    }

    mutating func add(_ outcome: RecordedOutcome, number: UInt32) {
        outcomes.append((number, outcome))
        // Almost always the last: only calls side by side are recorded out of order.
        var place = outcomes.count - 1
        while place > 0, outcomes[place - 1].number > outcomes[place].number {
            outcomes.swapAt(place - 1, place)
            place -= 1
        }
    }
}

/// What a closed round used and came to.
public struct RecordedContents: Sendable {
    /// Its root turns but the environment's, in the order of the merge.
    public var roots: [RecordedRoot] = []
    /// The environment's turn, if it took one.
    public var environment: RecordedRoot?
    /// The outcomes that committed turns used, by turn.
    public var outcomes: [TurnID: RecordedTurn] = [:]
    /// Root turns that failed because their code trapped: it is not to be run again.
    public var trapped: Set<TurnID> = []
    /// LLM calls among them.
    public var calls: UInt64 = 0
    /// Embedding calls among them.
    public var embeddings: UInt64 = 0
}

/// Up to which rows a reading has come. Rounds are recorded one after the other, so that each begins where the one
/// before it ended; what came late for an earlier one is void.
public struct RecordedPosition: Sendable {
    var turn: Int64 = 0
    var call: Int64 = 0
    var embedding: Int64 = 0

    /// Before the first round.
    public init() {}
}
