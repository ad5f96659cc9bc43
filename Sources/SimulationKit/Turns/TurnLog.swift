import Model
import Vectors

/// What a turn, or one branch of it, has done so far. A value: branches start from a copy and are joined in order.
package struct TurnLog: Sendable {
    /// The next number for a call or an operation.
    var next: UInt32
    /// End of the numbers that this turn or branch may use; counts of tokens take theirs from here, downwards.
    private(set) var end: UInt32
    /// Whether this is a branch of a fork.
    let isBranch: Bool
    /// The agent as this turn sees it: start of the round, what the tree wrote to it before, own writes.
    package var state: AgentState
    /// Calls to models, by number.
    package var outcomes: [OutcomeUse] = []
    /// All outcomes used here and below.
    package var names: [OutcomeName] = []
    /// Outcomes that were used before the fork, in a branch.
    private var namesBefore: [OutcomeName] = []
    /// Turns that whoever asked had heard of before.
    private let heard: Set<TurnID>
    /// Own operations, by number.
    package var operations: [TargetedOperation] = []
    /// Records of the turns below.
    package var below: [TurnRecord] = []
    /// What passive turns of the tree wrote before this turn, then here and below, in order.
    var written: [TargetedOperation]
    /// How many of these, counted from the end, were written here or below.
    private var ownWrites = 0
    /// Calls made here and below, and in a branch those made before the fork.
    private(set) var calls = 0
    /// Bytes of operations written here and below, about, counted likewise.
    private(set) var bytes = 0
    /// Texts that this turn embedded, with their vectors. A list: only a consolidation looks them up, once.
    package var embedded: [(text: String, vector: FixedVector)] = []

    /// Numbers that each branch of a fork gets: enough for any conversation, few enough for a million branches.
    static let branchStride: UInt32 = 4096

    package init(state: AgentState, written: [TargetedOperation], heard: Set<TurnID> = []) {
        next = 0
        end = .max
        isBranch = false
        self.state = state
        self.written = written
        self.heard = heard
    }

    private init(branchOf parent: TurnLog, index: Int) {
        next = parent.next + UInt32(index) * Self.branchStride
        end = next + Self.branchStride
        isBranch = true
        state = parent.state
        written = parent.written
        namesBefore = parent.names
        heard = parent.heard
        calls = parent.calls
        bytes = parent.bytes
    }

    /// The next number, or a failure where they are used up.
    mutating func take() throws -> UInt32 {
        guard next < end else {
            throw TurnFailed(.init(reason: .limit, text: "a branch may make \(Self.branchStride) calls and changes"))
        }
        defer { next += 1 }
        return next
    }

    /// The number of a count of tokens, from the end: so every other call and change has the number, and a call the
    /// seeds, that it has where nothing is counted.
    mutating func takeLast() throws -> UInt32 {
        guard next < end else {
            throw TurnFailed(.init(reason: .limit, text: "a branch may make \(Self.branchStride) calls and changes"))
        }
        end -= 1
        return end
    }

    /// Logs for `count` branches, each with numbers of its own; this log goes on after them.
    mutating func fork(_ count: Int) throws -> [TurnLog] {
        guard !isBranch else {
            throw TurnFailed(
                .init(reason: .limit, text: "parallel calls cannot be made inside a branch of parallel calls"))
        }
        guard let width = UInt32(exactly: count)?.multipliedReportingOverflow(by: Self.branchStride),
            !width.overflow, width.partialValue <= end - next
        else { throw TurnFailed(.init(reason: .limit, text: "\(count) parallel branches are too many")) }
        let branches = (0..<count).map { TurnLog(branchOf: self, index: $0) }
        next += width.partialValue
        return branches
    }

    /// Takes over what a branch did. Its own operations must be applied to the state by the caller.
    ///
    /// `atFork` is this log as it was when the branch began: what the branch inherited is not counted twice.
    mutating func join(_ branch: TurnLog, atFork: TurnLog) {
        outcomes += branch.outcomes
        names += branch.names
        operations += branch.operations
        below += branch.below
        written += branch.written.suffix(branch.ownWrites)
        ownWrites += branch.ownWrites
        calls += branch.calls - atFork.calls
        bytes += branch.bytes - atFork.bytes
        embedded += branch.embedded
    }

    /// Turns whose outcomes were used so far in the tree, as far as this turn or branch can know.
    var turns: Set<TurnID> { heard.union(names.map(\.call.turn)).union(namesBefore.map(\.call.turn)) }

    /// Takes back what a failed turn and those below it changed. Their outcomes stay, which were paid for, and so do
    /// the numbers. `state` is the agent's before the turn.
    package mutating func void(to state: AgentState) {
        self.state = state
        operations = []
        bytes = 0
        for index in below.indices { below[index].operations = [] }
    }

    /// Counts a call.
    mutating func countCall() { calls += 1 }

    /// Adds an own operation.
    mutating func add(_ operation: TargetedOperation) {
        operations.append(operation)
        bytes += operation.operation.estimatedBytes
    }

    /// Adds the records of an answered ask.
    mutating func add(_ reply: AskReply) {
        below += reply.turns
        names += reply.outcomes
        calls += reply.outcomes.count
        for turn in reply.turns {
            for operation in turn.operations { bytes += operation.operation.estimatedBytes }
            let own = turn.operations.filter { $0.target == turn.agent }
            written += own
            ownWrites += own.count
        }
    }
}
