import Hashing
import Model

/// What the store is asked to make durable. Every request may be given twice: the second time changes nothing.
public enum RecordRequest: Sendable {
    /// Write the run record; `definition` is the packed `RunDefinition`.
    case createRun(name: String, definition: [UInt8])
    /// A coordinator starts under this epoch, one more than the last, for a run of so many rounds. `owner` is its
    /// incarnation: by it the same coordinator is known when its request comes again.
    case raiseEpoch(epoch: UInt64, rounds: UInt32, owner: UInt64)
    /// Partitions change hands.
    case grantPartitions(runEpoch: UInt64, leases: [Lease])
    /// A page of the population, in ascending order of numbers.
    case recordAgents([RecordedAgent])
    /// Keep a file by content.
    case storeFile(name: String, bytes: [UInt8])
    /// The round opens.
    case openRound(RecordedStep)
    /// A partition's number of root turns.
    case planRound(RecordedPlan)
    /// Outcomes of calls, facts whoever reports them.
    case outcomes([OutcomeRecord])
    /// A tree.
    case commit(TreeCommit)
    /// All root turns are in: order them, grant claims.
    case mergeRound(RecordedStep)
    /// The environment's turn is in, if there is one: digest and close.
    case closeRound(RecordedStep)
    /// Interventions of a researcher's.
    case intervene(RecordedInterventions)
    /// A piece of a partition's snapshot.
    case snapshot(SnapshotPiece)
    /// The run ends here for now. `ending` is `finished`, `stopped` or `failed`.
    case finishRun(runEpoch: UInt64, ending: String, reason: String)
}

/// An agent of the population.
public struct RecordedAgent: Hashable, Sendable {
    /// Its number.
    public var agent: AgentID
    /// Its textual id.
    public var id: String
    /// Its type.
    public var type: String
    /// Its partition.
    public var partition: UInt32
    /// Its profile at the start, as a JSON object.
    public var profile: String

    /// An agent.
    public init(agent: AgentID, id: String, type: String, partition: UInt32, profile: String) {
        self.agent = agent
        self.id = id
        self.type = type
        self.partition = partition
        self.profile = profile
    }
}

/// A step of a round, taken by the coordinator of an epoch.
public struct RecordedStep: Hashable, Sendable {
    /// The coordinator's epoch.
    public var runEpoch: UInt64
    /// The round, from 1.
    public var round: UInt32
    /// Simulated seconds since the start of the run, at the round's start.
    public var time: Int64

    /// A step.
    public init(runEpoch: UInt64, round: UInt32, time: Int64) {
        self.runEpoch = runEpoch
        self.round = round
        self.time = time
    }
}

/// Interventions that belong together: all are kept, or none.
public struct RecordedInterventions: Hashable, Sendable {
    /// One of them.
    public struct Intervention: Hashable, Sendable {
        /// The first round that shall have it; nil for the next that can.
        public var round: UInt32?
        /// What is to be done.
        public var content: Value

        /// An intervention.
        public init(round: UInt32?, content: Value) {
            self.round = round
            self.content = content
        }
    }

    /// The coordinator's epoch.
    public var runEpoch: UInt64
    /// The request's number, by which it is known when it comes again.
    public var request: Digest128
    /// The interventions, in order.
    public var interventions: [Intervention]

    /// Interventions of one request.
    public init(runEpoch: UInt64, request: Digest128, interventions: [Intervention]) {
        self.runEpoch = runEpoch
        self.request = request
        self.interventions = interventions
    }
}

/// How many root turns a partition has in a round.
public struct RecordedPlan: Hashable, Sendable {
    /// The partition.
    public var partition: UInt32
    /// The holder's epoch.
    public var epoch: UInt64
    /// The round.
    public var round: UInt32
    /// Root turns.
    public var roots: UInt32

    /// A plan.
    public init(partition: UInt32, epoch: UInt64, round: UInt32, roots: UInt32) {
        self.partition = partition
        self.epoch = epoch
        self.round = round
        self.roots = roots
    }
}

/// A tree with what its commit depends on.
public struct TreeCommit: Hashable, Sendable {
    /// The root's partition.
    public var partition: UInt32
    /// The holder's epoch.
    public var epoch: UInt64
    /// The root turn.
    public var root: TurnID
    /// The round.
    public var round: UInt32
    /// The packed `Tree`.
    public var tree: [UInt8]
    /// Every outcome that the tree used.
    public var outcomes: [OutcomeName]

    /// A commit.
    public init(
        partition: UInt32, epoch: UInt64, root: TurnID, round: UInt32, tree: [UInt8], outcomes: [OutcomeName]
    ) {
        self.partition = partition
        self.epoch = epoch
        self.root = root
        self.round = round
        self.tree = tree
        self.outcomes = outcomes
    }
}
