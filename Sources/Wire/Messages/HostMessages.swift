import Hashing
import MessagePack
import Model

/// Host to coordinator: here I am. Answered by `HostAccepted`.
public struct RegisterHost: WireMessage {
    public static let kind = WireKind.registerHost
    public static let fieldCount = 4
    public static let sizeLimit = WireLimits.small
    /// The host's name, unique in the run.
    public var name: String
    /// Random number of this process: a restarted host is another incarnation.
    public var incarnation: UInt64
    /// Where other hosts send asks.
    public var endpoint: String
    /// Program version; refused when it differs from the run's.
    public var programVersion: String

    /// A registration.
    public init(name: String, incarnation: UInt64, endpoint: String, programVersion: String) {
        self.name = name
        self.incarnation = incarnation
        self.endpoint = endpoint
        self.programVersion = programVersion
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(name)
        packer.pack(incarnation)
        packer.pack(endpoint)
        packer.pack(programVersion)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        name = try unpacker.readString()
        incarnation = try unpacker.readUInt()
        endpoint = try unpacker.readString()
        programVersion = try unpacker.readString()
    }
}

/// Coordinator to host: what the run is and where its services are. The definition's files are fetched from the
/// recorder by content.
public struct HostAccepted: WireMessage {
    public static let kind = WireKind.hostAccepted
    public static let fieldCount = 7
    /// The host's number in this run.
    public var host: UInt32
    /// The run.
    public var run: String
    /// Epoch of the coordinator's start.
    public var runEpoch: UInt64
    /// Content address of the packed `RunDefinition`.
    public var definition: Digest256
    /// Endpoint of the recorder.
    public var recorder: String
    /// Endpoint of the llm-gateway.
    public var llmGateway: String
    /// Endpoint of the embedding-gateway; empty when the run needs none.
    public var embeddingGateway: String

    /// An acceptance.
    public init(
        host: UInt32, run: String, runEpoch: UInt64, definition: Digest256, recorder: String, llmGateway: String,
        embeddingGateway: String
    ) {
        self.host = host
        self.run = run
        self.runEpoch = runEpoch
        self.definition = definition
        self.recorder = recorder
        self.llmGateway = llmGateway
        self.embeddingGateway = embeddingGateway
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(host))
        packer.pack(run)
        packer.pack(runEpoch)
        packer.pack(definition)
        packer.pack(recorder)
        packer.pack(llmGateway)
        packer.pack(embeddingGateway)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        host = try unpacker.readUInt32()
        run = try unpacker.readString()
        runEpoch = try unpacker.readUInt()
        definition = try unpacker.readDigest256()
        recorder = try unpacker.readString()
        llmGateway = try unpacker.readString()
        embeddingGateway = try unpacker.readString()
    }
}

/// Which host holds a partition, and since which epoch.
public struct PartitionLease: Hashable, Packable {
    /// The partition.
    public var partition: UInt32
    /// The epoch under which its holder writes.
    public var epoch: UInt64
    /// The holder's number.
    public var host: UInt32

    /// A lease.
    public init(partition: UInt32, epoch: UInt64, host: UInt32) {
        self.partition = partition
        self.epoch = epoch
        self.host = host
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        packer.pack(UInt64(partition))
        packer.pack(epoch)
        packer.pack(UInt64(host))
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("lease", count: 3)
        self.init(
            partition: try unpacker.readUInt32(), epoch: try unpacker.readUInt(), host: try unpacker.readUInt32())
    }
}

/// A host and where it takes asks.
public struct HostAddress: Hashable, Packable {
    /// The host's number.
    public var host: UInt32
    /// Its endpoint.
    public var endpoint: String

    /// An address.
    public init(host: UInt32, endpoint: String) {
        self.host = host
        self.endpoint = endpoint
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 2)
        packer.pack(UInt64(host))
        packer.pack(endpoint)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("host address", count: 2)
        self.init(host: try unpacker.readUInt32(), endpoint: try unpacker.readString())
    }
}

/// Coordinator to all hosts: the whole partition map. A host answers with `LeaseReady` once its partitions are loaded
/// as of the end of `closedRound`.
public struct LeaseGrant: WireMessage {
    public static let kind = WireKind.leaseGrant
    public static let fieldCount = 3
    /// Last closed round, 0 before the first.
    public var closedRound: UInt32
    /// Every partition's lease.
    public var leases: [PartitionLease]
    /// Every host's address.
    public var hosts: [HostAddress]

    /// A partition map.
    public init(closedRound: UInt32, leases: [PartitionLease], hosts: [HostAddress]) {
        self.closedRound = closedRound
        self.leases = leases
        self.hosts = hosts
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(closedRound))
        packer.pack(leases)
        packer.pack(hosts)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        closedRound = try unpacker.readUInt32()
        leases = try unpacker.readList()
        hosts = try unpacker.readList()
    }
}

/// Coordinator to hosts: the round is open and durable; run its turns. Answered by `RoundFinished` when every root
/// turn of the host's partitions has committed or failed.
public struct StartRound: WireMessage {
    public static let kind = WireKind.startRound
    public static let fieldCount = 2
    public static let sizeLimit = WireLimits.small
    /// The round, from 1.
    public var round: UInt32
    /// Simulated time at its start, in seconds since the start of the run.
    public var time: Int64

    /// The start of a round.
    public init(round: UInt32, time: Int64) {
        self.round = round
        self.time = time
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(round))
        packer.pack(time)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        round = try unpacker.readUInt32()
        time = try unpacker.readInt()
    }
}

/// A host's step for a round is complete; sent as a request, answered by `Acknowledged`. One shape for four kinds.
public struct HostStep<Tag: HostStepTag>: WireMessage {
    public static var kind: WireKind { Tag.kind }
    public static var fieldCount: Int { 2 }
    public static var sizeLimit: Int { WireLimits.small }
    /// The host's number.
    public var host: UInt32
    /// The round it speaks of.
    public var round: UInt32

    /// A completed step.
    public init(host: UInt32, round: UInt32) {
        self.host = host
        self.round = round
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(host))
        packer.pack(UInt64(round))
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        host = try unpacker.readUInt32()
        round = try unpacker.readUInt32()
    }
}

/// Names a step of a host.
public protocol HostStepTag: Sendable {
    /// The message number of the step.
    static var kind: WireKind { get }
}

/// Tags of the steps.
public enum HostSteps {
    /// Partitions are loaded.
    public enum Ready: HostStepTag { public static let kind = WireKind.leaseReady }
    /// All root turns have committed or failed.
    public enum Finished: HostStepTag { public static let kind = WireKind.roundFinished }
    /// The environment's turn has committed or failed.
    public enum Environment: HostStepTag { public static let kind = WireKind.environmentFinished }
    /// The merged operations of the round are applied.
    public enum Advanced: HostStepTag { public static let kind = WireKind.roundAdvanced }
    /// Nothing is in flight any more; sent after `Drain`.
    public enum Drained: HostStepTag { public static let kind = WireKind.drained }
}

/// Partitions are loaded.
public typealias LeaseReady = HostStep<HostSteps.Ready>
/// All root turns of the host's partitions have committed or failed.
public typealias RoundFinished = HostStep<HostSteps.Finished>
/// The environment's turn has committed or failed.
public typealias EnvironmentFinished = HostStep<HostSteps.Environment>
/// The merged operations of the round are applied.
public typealias RoundAdvanced = HostStep<HostSteps.Advanced>
/// Nothing is in flight any more.
public typealias Drained = HostStep<HostSteps.Drained>

/// Coordinator to hosts: a step to take for a round. One shape for three kinds.
public struct RoundCommand<Tag: HostStepTag>: WireMessage {
    public static var kind: WireKind { Tag.kind }
    public static var fieldCount: Int { 1 }
    public static var sizeLimit: Int { WireLimits.small }
    /// The round.
    public var round: UInt32

    /// The command for a round.
    public init(round: UInt32) { self.round = round }

    public func packFields(into packer: inout Packer) { packer.pack(UInt64(round)) }
    public init(fields unpacker: inout Unpacker, version: Int) throws { round = try unpacker.readUInt32() }
}

/// Tags of the commands.
public enum RoundCommands {
    /// Run the environment's turn, if you hold its partition: the round is merged.
    public enum Environment: HostStepTag { public static let kind = WireKind.startEnvironment }
    /// The round is closed: fetch and apply its merged operations.
    public enum Advance: HostStepTag { public static let kind = WireKind.advanceRound }
    /// Start no further root turn, finish those in flight, then answer `Drained`.
    public enum Drain: HostStepTag { public static let kind = WireKind.drain }
}

/// Run the environment's turn.
public typealias StartEnvironment = RoundCommand<RoundCommands.Environment>
/// Apply the merged operations of a closed round.
public typealias AdvanceRound = RoundCommand<RoundCommands.Advance>
/// Start no further root turn and finish those in flight.
public typealias Drain = RoundCommand<RoundCommands.Drain>

/// Host to coordinator, one way, a few times a second: how far the round is.
public struct HostProgress: WireMessage {
    public static let kind = WireKind.progress
    public static let fieldCount = 8
    public static let sizeLimit = WireLimits.small
    /// The host's number.
    public var host: UInt32
    /// The round.
    public var round: UInt32
    /// Root turns planned for the round in the host's partitions.
    public var planned: UInt64
    /// Root turns committed, failed ones included.
    public var committed: UInt64
    /// Root turns that failed.
    public var failed: UInt64
    /// LLM calls answered since the host started.
    public var calls: UInt64
    /// LLM calls waiting for an answer.
    public var waiting: UInt64
    /// Tokens of prompts and answers since the host started.
    public var tokens: UInt64

    /// A host's progress.
    public init(
        host: UInt32, round: UInt32, planned: UInt64, committed: UInt64, failed: UInt64, calls: UInt64,
        waiting: UInt64, tokens: UInt64
    ) {
        self.host = host
        self.round = round
        self.planned = planned
        self.committed = committed
        self.failed = failed
        self.calls = calls
        self.waiting = waiting
        self.tokens = tokens
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(host))
        packer.pack(UInt64(round))
        for number in [planned, committed, failed, calls, waiting, tokens] { packer.pack(number) }
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        host = try unpacker.readUInt32()
        round = try unpacker.readUInt32()
        planned = try unpacker.readUInt()
        committed = try unpacker.readUInt()
        failed = try unpacker.readUInt()
        calls = try unpacker.readUInt()
        waiting = try unpacker.readUInt()
        tokens = try unpacker.readUInt()
    }
}

/// Host to coordinator, as a request: I cannot go on (a service misconfigured, too many failed turns). The run stops,
/// resumable.
public struct HostFailed: WireMessage {
    public static let kind = WireKind.hostFailed
    public static let fieldCount = 2
    public static let sizeLimit = WireLimits.small
    /// The host's number.
    public var host: UInt32
    /// What happened and what to do.
    public var problem: Problem

    /// A report of `problem`.
    public init(host: UInt32, problem: Problem) {
        self.host = host
        self.problem = problem
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(host))
        problem.pack(into: &packer)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        host = try unpacker.readUInt32()
        problem = try Problem(from: &unpacker)
    }
}

/// The answer to a request that needs no other.
public struct Acknowledged: WireMessage {
    public static let kind = WireKind.acknowledged
    public static let fieldCount = 0
    public static let sizeLimit = WireLimits.small

    /// An acknowledgement.
    public init() {}
    public func packFields(into packer: inout Packer) {}
    public init(fields unpacker: inout Unpacker, version: Int) throws {}
}
