import Hashing
import Model
import Support

/// What all turns of a tree share.
public final class TreeContext: Sendable {
    /// The round.
    public let round: UInt32
    /// Simulated time at its start, in seconds since the start of the run.
    public let time: Int64
    /// The root turn.
    public let root: TurnID
    /// The root's partition.
    public let rootPartition: UInt32
    /// The epoch of that partition's lease under which the root runs; 0 where there are no leases.
    public let rootEpoch: UInt64
    /// The environment's fields as of the start of the round.
    public let world: World
    /// Outcomes recorded by an earlier run of this tree, given back instead of asking again.
    public let recorded: [CallID: RecordedOutcome]
    /// What has interrupted a call of the tree here. Code may catch any error; a tree of which a call was interrupted
    /// is never committed all the same, since what the code made of that is nobody's answer.
    private let found = Guarded<(any Error)?>(nil)

    /// The context of a tree.
    public init(
        round: UInt32, time: Int64, root: TurnID, rootPartition: UInt32, rootEpoch: UInt64 = 0,
        world: World = World(), recorded: [CallID: RecordedOutcome] = [:]
    ) {
        self.round = round
        self.time = time
        self.root = root
        self.rootPartition = rootPartition
        self.rootEpoch = rootEpoch
        self.world = world
        self.recorded = recorded
    }

    /// The same tree where the environment's fields have become known.
    public func seeing(_ world: World) -> TreeContext {
        TreeContext(
            round: round, time: time, root: root, rootPartition: rootPartition, rootEpoch: rootEpoch, world: world,
            recorded: recorded)
    }

    /// The same tree where more has been recorded of it meanwhile.
    package func knowing(_ recorded: [CallID: RecordedOutcome]) -> TreeContext {
        TreeContext(
            round: round, time: time, root: root, rootPartition: rootPartition, rootEpoch: rootEpoch, world: world,
            recorded: recorded)
    }

    /// The first interruption of a call of the tree that was seen here.
    package var interruption: (any Error)? { found.withLock { $0 } }

    /// Keeps an error of a call where it is an interruption, and gives it back.
    package func noted<Failure: Error>(_ error: Failure) -> Failure {
        guard error is TurnInterrupted || error is CancellationError else { return error }
        found.withLock { found in if found == nil { found = error } }
        return error
    }
}

/// A request of one agent to another, as the engine carries it out.
public struct AskCall: Sendable {
    /// The tree.
    public var tree: TreeContext
    /// Numbers of the asks from the root to this one, which is the last.
    public var path: [UInt32]
    /// Who asks.
    public var asker: AgentID
    /// Who is asked.
    public var agent: AgentID
    /// What is asked.
    public var request: Value
    /// What passive turns of this tree wrote before, in order.
    public var written: [TargetedOperation]
    /// Turns that the asking turn has heard of before: itself, those below its earlier asks, and what its own asker had
    /// heard of. What is recorded of them is none of the asked turn's.
    public var heard: Set<TurnID>

    /// A request; see the properties.
    public init(
        tree: TreeContext, path: [UInt32], asker: AgentID, agent: AgentID, request: Value,
        written: [TargetedOperation], heard: Set<TurnID> = []
    ) {
        self.tree = tree
        self.path = path
        self.asker = asker
        self.agent = agent
        self.request = request
        self.written = written
        self.heard = heard
    }

    /// What is recorded of the asked turn and of those below it. A record names its turn by a hash, which does not tell
    /// the way there: turns of asks that are still to come, or run beside this one, cannot be told from turns below.
    public var recorded: [RecordedCall] {
        guard !tree.recorded.isEmpty else { return [] }
        var elsewhere = heard
        var ancestor = tree.root
        for number in path {
            elsewhere.insert(ancestor)
            ancestor = ancestor.passive(number: number)
        }
        return tree.recorded.filter { !elsewhere.contains($0.key.turn) }
            .sorted { ($0.key.turn, $0.key.number) < ($1.key.turn, $1.key.number) }
            .map { RecordedCall(call: $0.key, outcome: $0.value) }
    }
}

/// The answer of a passive turn with the records of all turns at and below it.
public struct AskReply: Sendable {
    /// The answer.
    public var answer: Value
    /// The asked turn first, then those below it.
    public var turns: [TurnRecord]
    /// Outcomes that these turns used.
    public var outcomes: [OutcomeName]

    /// An answer.
    public init(answer: Value, turns: [TurnRecord], outcomes: [OutcomeName]) {
        self.answer = answer
        self.turns = turns
        self.outcomes = outcomes
    }
}

/// Vectors of texts, as an embedding model gave them.
public struct EmbeddingAnswer: Sendable {
    /// The model.
    public var model: String
    /// Little-endian half floats, one vector for each text.
    public var vectors: [[UInt8]]

    /// Vectors from a model.
    public init(model: String, vectors: [[UInt8]]) {
        self.model = model
        self.vectors = vectors
    }
}

/// What a turn cannot do itself: the only way out of it. A host performs calls over sockets, a test from a script,
/// a replay from the record.
///
/// Throws `TurnInterrupted` for everything temporary; a turn is then abandoned and run again, never failed.
public protocol CallPerformer: Sendable {
    /// Gets an answer of a model, or its honest rejection. `request` is the spec's `requestHash`, which takes a walk
    /// over the whole prompt and is computed once for each call.
    func complete(
        _ spec: CompletionSpec, request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> CompletionOutcome
    /// Gets vectors of texts. `request` is `OutcomeRecord.requestHash` of them.
    func embed(
        _ texts: [String], request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> EmbeddingAnswer
    /// Runs a passive turn.
    func ask(_ ask: AskCall) async throws -> AskReply
    /// Code of the tree is to run: a turn, or a branch of one, or what follows behind branches or a call. It begins on
    /// the thread on which this comes back. A host notes whose code runs, for the case that it is the last that the
    /// process does, and has suspect code wait until no other runs.
    func codeBegins(in tree: TreeContext) async
    /// Code of the tree has come to its end, or waits for branches or a call.
    func codeEnds(in tree: TreeContext)
}

extension CallPerformer {
    public func codeBegins(in tree: TreeContext) async {}
    public func codeEnds(in tree: TreeContext) {}
}

/// The turn cannot go on now: the run stops, the host lost its lease, a service is away for good. Not a failure.
public struct TurnInterrupted: Error, Sendable {
    /// Why, for the log.
    public var reason: String
    /// Whether whoever has to act on it knows already.
    public var isKnown: Bool

    /// An interruption.
    public init(reason: String, isKnown: Bool = false) {
        self.reason = reason
        self.isKnown = isKnown
    }
}

/// Ends a turn as failed, for a reason that is the same on every rerun.
public struct TurnFailed: Error, Sendable, Equatable {
    /// The failure as it will be recorded.
    public var failure: TurnFailure

    /// A failure.
    public init(_ failure: TurnFailure) { self.failure = failure }
}

/// The asked agent's turn failed. Catch it to go on without the answer; uncaught it fails the asking turn.
public struct AskFailed: Error, Sendable, Equatable {
    /// Who was asked.
    public var agent: AgentID
    /// Why its turn failed.
    public var failure: TurnFailure

    /// The failure of an asked agent.
    public init(agent: AgentID, failure: TurnFailure) {
        self.agent = agent
        self.failure = failure
    }
}
