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
    /// Version 3 added the scope.
    public static let version = 3
    public static let fieldCount = 9
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
    /// A host that was not heard of for so many milliseconds loses its leases; several heartbeats fit into it.
    public var leaseMilliseconds: UInt32
    /// What gateways know the run's calls by. Runs may have the same name and the same calls; this tells them apart,
    /// and a resumed run keeps it.
    public var scope: String

    /// An acceptance.
    public init(
        host: UInt32, run: String, runEpoch: UInt64, definition: Digest256, recorder: String, llmGateway: String,
        embeddingGateway: String, leaseMilliseconds: UInt32, scope: String
    ) {
        self.host = host
        self.run = run
        self.runEpoch = runEpoch
        self.definition = definition
        self.recorder = recorder
        self.llmGateway = llmGateway
        self.embeddingGateway = embeddingGateway
        self.leaseMilliseconds = leaseMilliseconds
        self.scope = scope
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(host))
        packer.pack(run)
        packer.pack(runEpoch)
        packer.pack(definition)
        packer.pack(recorder)
        packer.pack(llmGateway)
        packer.pack(embeddingGateway)
        packer.pack(UInt64(leaseMilliseconds))
        packer.pack(scope)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        host = try unpacker.readUInt32()
        run = try unpacker.readString()
        runEpoch = try unpacker.readUInt()
        definition = try unpacker.readDigest256()
        recorder = try unpacker.readString()
        llmGateway = try unpacker.readString()
        embeddingGateway = try unpacker.readString()
        leaseMilliseconds = try unpacker.readUInt32()
        scope = try unpacker.readString()
    }
}

/// Coordinator to hosts: the round is open and durable; run its turns in all partitions that you hold and that have not
/// run under their present lease. Given again it starts what was added since, and what a drain left.
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

/// A host's step for a round is complete; sent as a request, answered by `Acknowledged`. One shape for two kinds.
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
    /// The environment's turn has committed or failed.
    public enum Environment: HostStepTag { public static let kind = WireKind.environmentFinished }
    /// Nothing is in flight any more; sent after `Drain`.
    public enum Drained: HostStepTag { public static let kind = WireKind.drained }
}

/// The environment's turn has committed or failed.
public typealias EnvironmentFinished = HostStep<HostSteps.Environment>
/// Nothing is in flight any more.
public typealias Drained = HostStep<HostSteps.Drained>

/// Coordinator to hosts: a step to take for a round. One shape for two kinds.
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
    /// Start no further root turn, finish those in flight, then answer `Drained`.
    public enum Drain: HostStepTag { public static let kind = WireKind.drain }
}

/// Run the environment's turn.
public typealias StartEnvironment = RoundCommand<RoundCommands.Environment>
/// Start no further root turn and finish those in flight.
public typealias Drain = RoundCommand<RoundCommands.Drain>

/// Host to coordinator, one way, a few times a second: how far the round is. It is the host's heartbeat, too.
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
