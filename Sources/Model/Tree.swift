import Hashing
import MessagePack

/// Why a turn failed. Failure follows from answers alone, so it is the same on every rerun.
public struct TurnFailure: Hashable, Sendable {
    /// The kinds of failure.
    public enum Reason: UInt8, Sendable, CaseIterable {
        /// A model's answers stayed outside of what was asked for, after all attempts.
        case rejectedAnswers = 1
        /// The scenario's code threw an error.
        case scenarioError = 2
        /// A limit on depth, calls or bytes of a tree was passed.
        case limit = 3
        /// A request to another agent failed and the asking turn did not catch it.
        case askFailed = 4
        /// The scenario's code ended its process, again and again.
        case trapped = 5
    }

    /// The kind of failure.
    public var reason: Reason
    /// What happened, for a researcher; never a prompt.
    public var text: String

    /// A failure with its explanation.
    public init(reason: Reason, text: String) {
        self.reason = reason
        self.text = text
    }

    /// Traps with no other root turn's code running in the process after which a turn's code is not run any more.
    public static let mostTraps: UInt32 = 3

    /// The failure of a turn whose code ended its process so often that it is not run any more; the same wherever and
    /// however it did.
    public static let trapped = TurnFailure(
        reason: .trapped,
        text: "its code, or code of an agent that it asked, ended the process by a trap, such as an index out of range")
}

/// What a turn learned from one LLM call: part of the digest.
public struct OutcomeUse: Hashable, Sendable {
    /// The call's number in its turn.
    public var number: UInt32
    /// Hash of the accepted answer or final rejection.
    public var result: Digest128

    /// Call `number` ended with `result`.
    public init(number: UInt32, result: Digest128) {
        self.number = number
        self.result = result
    }
}

/// One executed turn of a tree.
public struct TurnRecord: Hashable, Sendable {
    /// Numbers of the asks that led here from the root; empty for the root itself.
    public var path: [UInt32]
    /// The agent whose turn it was.
    public var agent: AgentID
    /// Why the turn failed, nil when it did not.
    public var failure: TurnFailure?
    /// The LLM calls whose answers the turn used, by number.
    public var outcomes: [OutcomeUse]
    /// What it asked to change, by number; empty when it or a turn above it failed, but for interventions in a failed
    /// turn of the environment.
    public var operations: [TargetedOperation]

    /// A turn with these parts.
    public init(
        path: [UInt32], agent: AgentID, failure: TurnFailure?, outcomes: [OutcomeUse],
        operations: [TargetedOperation]
    ) {
        self.path = path
        self.agent = agent
        self.failure = failure
        self.outcomes = outcomes
        self.operations = operations
    }

    /// Whether each operation's number is greater than the one before it.
    var isInOrder: Bool { zip(operations, operations.dropFirst()).allSatisfy { $0.number < $1.number } }

    /// The turn's identity, derived from the root's.
    public func turn(under root: TurnID) -> TurnID {
        path.reduce(root) { $0.passive(number: $1) }
    }
}

/// A root turn with all turns below it: one transaction, one commit. Its packed bytes are its canonical form.
public struct Tree: Hashable, Sendable {
    /// The round it belongs to.
    public var round: UInt32
    /// What started it.
    public var kind: RootKind
    /// The turns, sorted by path; the first is the root.
    public var turns: [TurnRecord]

    /// A tree with these turns, of which there must be at least the root; they are sorted here.
    public init(round: UInt32, kind: RootKind, turns: [TurnRecord]) {
        precondition(turns.contains { $0.path.isEmpty }, "a tree has a root")
        self.round = round
        self.kind = kind
        self.turns = turns.sorted { $0.path.lexicographicallyPrecedes($1.path) }
    }

    /// The root turn.
    public var root: TurnRecord { turns[0] }

    /// All operations in the order of the merge: by the numbers along the path, each turn's operations standing at
    /// the number of the ask that led to it.
    public var orderedOperations: [(source: AgentID, operation: TargetedOperation)] {
        // Most trees are one turn, whose operations stand in the order in which they were made.
        if turns.count == 1, turns[0].isInOrder { return turns[0].operations.map { (turns[0].agent, $0) } }
        var keyed: [(key: [UInt32], source: AgentID, operation: TargetedOperation)] = []
        for turn in turns {
            for operation in turn.operations {
                keyed.append((turn.path + [operation.number], turn.agent, operation))
            }
        }
        return keyed.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.source, $0.operation) }
    }

    /// Hash of the canonical bytes.
    public static func digest(ofPacked bytes: [UInt8]) -> Digest256 {
        HashBuilder.hash256(.tree) { $0.append(bytes) }
    }
}

extension TurnFailure: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 2)
        packer.pack(UInt64(reason.rawValue))
        packer.pack(text)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("failure", count: 2)
        self.init(reason: try unpacker.readCase(Reason.self), text: try unpacker.readString())
    }
}

extension OutcomeUse: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 2)
        packer.pack(UInt64(number))
        packer.pack(result)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("outcome use", count: 2)
        self.init(number: try unpacker.readUInt32(), result: try unpacker.readDigest128())
    }
}

extension TurnRecord: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 5)
        packer.packArray(count: path.count)
        for number in path { packer.pack(UInt64(number)) }
        agent.pack(into: &packer)
        packer.pack(optional: failure)
        packer.pack(outcomes)
        packer.pack(operations)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("turn", count: 5)
        var path: [UInt32] = []
        for _ in 0..<(try unpacker.readArrayHeader()) { path.append(try unpacker.readUInt32()) }
        self.init(
            path: path, agent: try AgentID(from: &unpacker), failure: try unpacker.readIfPresent(),
            outcomes: try unpacker.readList(), operations: try unpacker.readList())
    }
}

extension Tree: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        packer.pack(UInt64(round))
        packer.pack(UInt64(kind.rawValue))
        packer.pack(turns)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("tree", count: 3)
        let round = try unpacker.readUInt32()
        let kind = try unpacker.readCase(RootKind.self)
        let turns: [TurnRecord] = try unpacker.readList()
        guard turns.contains(where: { $0.path.isEmpty }) else { throw DecodingFailure.missing("root turn") }
        self.init(round: round, kind: kind, turns: turns)
    }
}
