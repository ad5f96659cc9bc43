import Hashing
import MessagePack
import Model

/// Coordinator to recorder: write the run record. Everything that is fixed for the run is durable with its answer.
/// Refused with `conflict` when the store already holds a run.
public struct CreateRun: WireMessage {
    public static let kind = WireKind.createRun
    public static let fieldCount = 2
    /// The run's name.
    public var run: String
    /// The packed `RunDefinition`; its files are stored before by `StoreBlob`.
    public var definition: [UInt8]

    /// A new run.
    public init(run: String, definition: [UInt8]) {
        self.run = run
        self.definition = definition
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(run)
        packer.packBinary(definition)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        run = try unpacker.readString()
        definition = try unpacker.readBinary()
    }
}

/// Coordinator to recorder: what do you hold? Answered by `RunState`, or `RequestFailed(notFound)`.
public typealias LoadRun = BareRequest<BareRequests.LoadRun>

/// Recorder's answer to `LoadRun`.
public struct RunState: WireMessage {
    public static let kind = WireKind.runState
    public static let fieldCount = 7
    /// The run's name.
    public var run: String
    /// The packed `RunDefinition`.
    public var definition: [UInt8]
    /// The last epoch given to a coordinator.
    public var epoch: UInt64
    /// Last closed round, 0 before the first.
    public var closedRound: UInt32
    /// Round that is open, nil between rounds.
    public var openRound: UInt32?
    /// Whether the open round is already merged.
    public var merged: Bool
    /// Rounds that the run should have, as last set.
    public var rounds: UInt32

    /// The state of a run.
    public init(
        run: String, definition: [UInt8], epoch: UInt64, closedRound: UInt32, openRound: UInt32?, merged: Bool,
        rounds: UInt32
    ) {
        self.run = run
        self.definition = definition
        self.epoch = epoch
        self.closedRound = closedRound
        self.openRound = openRound
        self.merged = merged
        self.rounds = rounds
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(run)
        packer.packBinary(definition)
        packer.pack(epoch)
        packer.pack(UInt64(closedRound))
        if let openRound { packer.pack(UInt64(openRound)) } else { packer.packNil() }
        packer.pack(merged)
        packer.pack(UInt64(rounds))
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        run = try unpacker.readString()
        definition = try unpacker.readBinary()
        epoch = try unpacker.readUInt()
        closedRound = try unpacker.readUInt32()
        if unpacker.peekType() == .nil {
            try unpacker.readNil()
            openRound = nil
        } else {
            openRound = try unpacker.readUInt32()
        }
        merged = try unpacker.readBool()
        rounds = try unpacker.readUInt32()
    }
}

/// Coordinator to recorder: a coordinator starts under this epoch, which must be one more than the last, or the very
/// one that the same owner raised before. Older coordinators are fenced from then on. Also sets the number of rounds
/// that the run should have.
public struct RaiseEpoch: WireMessage {
    public static let kind = WireKind.raiseEpoch
    public static let version = 2
    public static let fieldCount = 3
    public static let sizeLimit = WireLimits.small
    /// The new epoch.
    public var epoch: UInt64
    /// Rounds that the run should have.
    public var rounds: UInt32
    /// Incarnation of the coordinator: tells the same request sent again from another coordinator's.
    public var owner: UInt64

    /// A new epoch.
    public init(epoch: UInt64, rounds: UInt32, owner: UInt64) {
        self.epoch = epoch
        self.rounds = rounds
        self.owner = owner
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(epoch)
        packer.pack(UInt64(rounds))
        packer.pack(owner)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        epoch = try unpacker.readUInt()
        rounds = try unpacker.readUInt32()
        owner = try unpacker.readUInt()
    }
}

/// Coordinator to recorder: partitions change hands. Durable before the holders learn of it.
public struct GrantPartitions: WireMessage {
    public static let kind = WireKind.grantPartitions
    public static let fieldCount = 2
    /// The coordinator's epoch.
    public var runEpoch: UInt64
    /// The new leases; each epoch must be higher than the partition's last.
    public var leases: [Lease]

    /// A grant.
    public init(runEpoch: UInt64, leases: [Lease]) {
        self.runEpoch = runEpoch
        self.leases = leases
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(runEpoch)
        packer.pack(leases)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        runEpoch = try unpacker.readUInt()
        leases = try unpacker.readList()
    }
}

/// Coordinator to recorder: a step of the round, answered by `Acknowledged`, `RoundMerged` or `RoundClosed`. One shape
/// for three kinds.
public struct RoundStep<Tag: HostStepTag>: WireMessage {
    public static var kind: WireKind { Tag.kind }
    public static var fieldCount: Int { 3 }
    public static var sizeLimit: Int { WireLimits.small }
    /// The coordinator's epoch.
    public var runEpoch: UInt64
    /// The round.
    public var round: UInt32
    /// Simulated time at the round's start, in seconds since the start of the run.
    public var time: Int64

    /// A step for a round.
    public init(runEpoch: UInt64, round: UInt32, time: Int64) {
        self.runEpoch = runEpoch
        self.round = round
        self.time = time
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(runEpoch)
        packer.pack(UInt64(round))
        packer.pack(time)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        runEpoch = try unpacker.readUInt()
        round = try unpacker.readUInt32()
        time = try unpacker.readInt()
    }
}

/// Tags of the steps.
public enum RoundSteps {
    /// The round opens: durable before its turns.
    public enum Open: HostStepTag { public static let kind = WireKind.openRound }
    /// All root turns are in: put them in order and grant claims.
    public enum Merge: HostStepTag { public static let kind = WireKind.mergeRound }
    /// The environment's turn is in: digest and close.
    public enum Close: HostStepTag { public static let kind = WireKind.closeRound }
}

/// Open a round.
public typealias OpenRound = RoundStep<RoundSteps.Open>
/// Merge a round: refused with `conflict` unless the recorder itself counts every planned root turn.
public typealias MergeRound = RoundStep<RoundSteps.Merge>
/// Close a merged round.
public typealias CloseRound = RoundStep<RoundSteps.Close>

/// Recorder's answer to `MergeRound`.
public struct RoundMerged: WireMessage {
    public static let kind = WireKind.roundMerged
    /// Version 2 added the interventions.
    public static let version = 2
    public static let fieldCount = 4
    public static let sizeLimit = WireLimits.small
    /// Root turns in the round, failed ones included.
    public var roots: UInt64
    /// Root turns that failed.
    public var failed: UInt64
    /// Operations on the environment: it takes its turn on them.
    public var contributions: UInt64
    /// Interventions that were accepted for the next round: the environment's turn carries them out.
    public var interventions: UInt64

    /// A merged round.
    public init(roots: UInt64, failed: UInt64, contributions: UInt64, interventions: UInt64) {
        self.roots = roots
        self.failed = failed
        self.contributions = contributions
        self.interventions = interventions
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(roots)
        packer.pack(failed)
        packer.pack(contributions)
        packer.pack(interventions)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        roots = try unpacker.readUInt()
        failed = try unpacker.readUInt()
        contributions = try unpacker.readUInt()
        interventions = try unpacker.readUInt()
    }
}

/// Recorder's answer to `CloseRound`.
public struct RoundClosed: WireMessage {
    public static let kind = WireKind.roundClosed
    /// Version 2 added whether it is the last.
    public static let version = 2
    public static let fieldCount = 2
    public static let sizeLimit = WireLimits.small
    /// The round's link of the digest chain.
    public var digest: Digest256
    /// Whether the run has no further round, as planned or because the scenario has ended it.
    public var isLast: Bool

    /// A closed round.
    public init(digest: Digest256, isLast: Bool) {
        self.digest = digest
        self.isLast = isLast
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(digest)
        packer.pack(isLast)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        digest = try unpacker.readDigest256()
        isLast = version >= 2 ? try unpacker.readBool() : false
    }
}

/// How a run ended, or why it pauses.
public enum RunEnding: UInt8, Sendable {
    /// All rounds are closed.
    case finished = 1
    /// Stopped by a person; resumable.
    case stopped = 2
    /// Stopped by a problem; resumable.
    case failed = 3
    /// Paused by a person, its processes waiting.
    case paused = 4
    /// Going on after a pause: no ending at all.
    case playing = 5
}

/// Coordinator to recorder: the run ends or pauses here for now, or goes on after a pause. Answered by `Acknowledged`.
public struct FinishRun: WireMessage {
    public static let kind = WireKind.finishRun
    public static let fieldCount = 3
    public static let sizeLimit = WireLimits.small
    /// The coordinator's epoch.
    public var runEpoch: UInt64
    /// How it ended.
    public var ending: RunEnding
    /// Why, for a person; empty when finished.
    public var reason: String

    /// An ending.
    public init(runEpoch: UInt64, ending: RunEnding, reason: String) {
        self.runEpoch = runEpoch
        self.ending = ending
        self.reason = reason
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(runEpoch)
        packer.pack(UInt64(ending.rawValue))
        packer.pack(reason)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        runEpoch = try unpacker.readUInt()
        ending = try unpacker.readCase(RunEnding.self)
        reason = try unpacker.readString()
    }
}

/// Coordinator to recorder: keep a file by content. Answered by `Acknowledged`.
public struct StoreBlob: WireMessage {
    public static let kind = WireKind.storeBlob
    public static let fieldCount = 2
    public static let sizeLimit = WireLimits.bulk
    /// Name for people; the same content is stored once.
    public var name: String
    /// The content.
    public var bytes: [UInt8]

    /// A file.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(name)
        packer.packBinary(bytes)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        name = try unpacker.readString()
        bytes = try unpacker.readBinary()
    }
}

/// Anyone to recorder: give me a file by content. Answered by `Blob`.
public struct FetchBlob: WireMessage {
    public static let kind = WireKind.fetchBlob
    public static let fieldCount = 1
    public static let sizeLimit = WireLimits.small
    /// Its content address, see `blobHash`.
    public var hash: Digest256

    /// A question for a file.
    public init(hash: Digest256) { self.hash = hash }
    public func packFields(into packer: inout Packer) { packer.pack(hash) }
    public init(fields unpacker: inout Unpacker, version: Int) throws { hash = try unpacker.readDigest256() }
}

/// Recorder's answer to `FetchBlob`.
public struct Blob: WireMessage {
    public static let kind = WireKind.blob
    public static let fieldCount = 1
    public static let sizeLimit = WireLimits.bulk
    /// The content.
    public var bytes: [UInt8]

    /// A file's content.
    public init(bytes: [UInt8]) { self.bytes = bytes }
    public func packFields(into packer: inout Packer) { packer.packBinary(bytes) }
    public init(fields unpacker: inout Unpacker, version: Int) throws { bytes = try unpacker.readBinary() }
}

/// An agent as the recording lists it.
public struct AgentRow: Hashable, Packable {
    /// Its number.
    public var agent: AgentID
    /// Its textual id.
    public var id: String
    /// Its type.
    public var type: String
    /// Its partition.
    public var partition: UInt32
    /// Its profile at the start, as JSON text.
    public var profile: String

    /// An agent.
    public init(agent: AgentID, id: String, type: String, partition: UInt32, profile: String) {
        self.agent = agent
        self.id = id
        self.type = type
        self.partition = partition
        self.profile = profile
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 5)
        agent.pack(into: &packer)
        packer.pack(id)
        packer.pack(type)
        packer.pack(UInt64(partition))
        packer.pack(profile)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("agent row", count: 5)
        self.init(
            agent: try AgentID(from: &unpacker), id: try unpacker.readString(), type: try unpacker.readString(),
            partition: try unpacker.readUInt32(), profile: try unpacker.readString())
    }
}

/// Coordinator to recorder, before round 1, in pages: the population. Answered by `Acknowledged`.
public struct RecordAgents: WireMessage {
    public static let kind = WireKind.recordAgents
    public static let fieldCount = 1
    public static let sizeLimit = WireLimits.bulk
    /// A page of agents.
    public var agents: [AgentRow]

    /// A page.
    public init(agents: [AgentRow]) { self.agents = agents }
    public func packFields(into packer: inout Packer) { packer.pack(agents) }
    public init(fields unpacker: inout Unpacker, version: Int) throws { agents = try unpacker.readList() }
}

/// Coordinator to recorder: what happened so far? Answered by `RunSummary`.
public typealias Summarize = BareRequest<BareRequests.Summarize>

/// A name with a number.
public struct NamedCount: Hashable, Packable {
    /// The name.
    public var name: String
    /// The number.
    public var count: UInt64

    /// A count.
    public init(name: String, count: UInt64) {
        self.name = name
        self.count = count
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 2)
        packer.pack(name)
        packer.pack(count)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("named count", count: 2)
        self.init(name: try unpacker.readString(), count: try unpacker.readUInt())
    }
}

/// Recorder's answer to `Summarize`: counts over the committed trees of all rounds.
public struct RunSummary: WireMessage {
    public static let kind = WireKind.runSummary
    public static let fieldCount = 4
    /// Events by name, sorted by name.
    public var events: [NamedCount]
    /// LLM calls by kind, sorted by name.
    public var calls: [NamedCount]
    /// Counters: turns, turns_failed, calls_failed, attempts_rejected, void_calls, prompt_tokens,
    /// completion_tokens, embedding_calls, batches, database_bytes.
    public var counters: [NamedCount]
    /// Digests of the closed rounds, from round 1, as hexadecimal text.
    public var digests: [String]

    /// A summary.
    public init(events: [NamedCount], calls: [NamedCount], counters: [NamedCount], digests: [String]) {
        self.events = events
        self.calls = calls
        self.counters = counters
        self.digests = digests
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(events)
        packer.pack(calls)
        packer.pack(counters)
        packer.pack(digests)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        events = try unpacker.readList()
        calls = try unpacker.readList()
        counters = try unpacker.readList()
        digests = try unpacker.readStrings()
    }
}
