import ClusterLogic
import Logging
import Model
import RunConfiguration
import ServiceRuntime
import SimulationKit
import Support
import Transport
import TrapLog
import TurnEngine
import Wire

/// What a host is made of in one of its lives.
final class HostParts: Sendable {
    let ports: HostPorts
    let accepted: HostAccepted
    let introduction: PeerIntroduction
    let placement: Placement
    let window: Int
    let gate = PartitionGate()
    let bag: TaskBag
    let router: AskRouter
    let loader: PartitionLoader
    let turns: HostTurns
    let counters = Guarded(HostCounters())
    private let coordinator: WireClient
    private let services: [WireClient]
    private let secondsPerRound: Int64
    private let logger: Logger
    private let fence: Fence

    init(
        ports: HostPorts, accepted: HostAccepted, introduction: PeerIntroduction, run: LoadedRun,
        coordinator: WireClient, recorder: WireClient, llm: WireClient, embedding: WireClient?, lease: LeaseWatch,
        trapLog: TrapLog?, memoryBytes: Int, snapshotPieceBytes: Int, logger: Logger
    ) {
        self.ports = ports
        self.accepted = accepted
        self.introduction = introduction
        self.coordinator = coordinator
        self.logger = logger
        services = [recorder, llm] + (embedding.map { [$0] } ?? [])
        window = run.configuration.limits.rootWindow
        secondsPerRound = Int64(run.configuration.roundHours) * 3600
        let placement = Placement(partitions: run.definition.partitions, population: run.assets.population)
        self.placement = placement
        let fence = Fence()
        self.fence = fence
        bag = TaskBag(ports.launcher)
        let teller = ProblemTeller(coordinator: coordinator, host: accepted.host, logger: logger)
        let backOff: @Sendable (Int) async throws -> Void = { tries in
            try await ports.pause(.milliseconds(UInt64(min(50 << min(tries, 6), 2000))))
        }
        let retry = ServiceRetry(
            pause: backOff, report: { teller.tell($0) }, fenced: { fence.hit($0, at: ports.clock.now()) })
        let outcomes = OutcomeStream(
            recorder: recorder, launcher: ports.launcher, pause: { try await ports.pause(.milliseconds(50)) },
            failed: { error in
                // Outcomes that the recorder never takes make every commit of theirs wait in vain.
                teller.tell(HostProblem.of(error))
            })
        let traps = TrapCounts()
        router = AskRouter(
            host: accepted.host, placement: placement, gate: gate, recorded: RecordedReading(recorder: recorder),
            traps: traps, pause: backOff)
        let performer = HostPerformer(
            scope: accepted.scope, seed: run.assets.seed, attempts: UInt32(run.configuration.llm.maxAttempts),
            terms: CallTerms(run.configuration.llm.sharing), llm: llm, embedding: embedding,
            vectors: run.configuration.vectors, outcomes: outcomes, router: router, counters: counters, retry: retry,
            lease: lease, traps: traps, trapLog: trapLog)
        let table = Guarded(AgentTable(assets: run.assets, memoryBytes: memoryBytes))
        let snapshots = SnapshotWriter(
            recorder: recorder, table: table, members: placement.members,
            rounds: run.configuration.limits.snapshotRounds, launcher: ports.launcher,
            pause: { try await ports.pause(.milliseconds(200)) }, meter: WorkMeter(threadTime: ports.threadTime),
            pieceBytes: snapshotPieceBytes, logger: logger)
        loader = PartitionLoader(
            assets: run.assets, recorder: recorder, retry: retry, table: table, members: placement.members,
            snapshots: snapshots, launcher: ports.launcher, logger: logger)
        let runner = RootRunner(
            scope: accepted.scope, runner: TurnRunner(assets: run.assets, performer: performer), recorder: recorder,
            llm: llm, outcomes: outcomes, retry: retry, recorded: RecordedTable(), traps: traps,
            counters: counters)
        turns = HostTurns(
            assets: run.assets, runner: runner, placement: placement, loader: loader, table: table, gate: gate,
            world: WorldCopy(
                assets: run.assets, partition: placement.partitions,
                merged: MergedPages(recorder: recorder, retry: retry, dimension: run.assets.embeddingDimension),
                snapshots: SnapshotReading(
                    recorder: recorder, retry: retry, dimension: run.assets.embeddingDimension),
                launcher: ports.launcher, logger: logger), launcher: ports.launcher)
        self.teller = teller
        router.connect(turns)
    }

    private let teller: ProblemTeller

    /// Simulated time at the start of a round, whether or not this host was told of it.
    func time(ofRound round: UInt32) -> Int64 {
        secondsPerRound.multipliedReportingOverflow(by: Int64(max(round, 1)) - 1).partialValue
    }

    /// Sends a report, again and again across restarts of the coordinator's connection.
    func report(_ message: some WireMessage) {
        coordinator.request(message, expecting: Acknowledged.self) { _ in }
    }

    /// What keeps a step from its end: told to the coordinator, unless it knows or will find out by itself.
    func failed(_ error: any Error) {
        switch error {
        case is CancellationError, TransportError.closed: return
        case let interrupted as TurnInterrupted where interrupted.isKnown: return
        default: teller.tell(HostProblem.of(error))
        }
    }

    /// A new map may explain why the recorder has refused this host.
    func mapChanged(_ held: [Lease]) { fence.update(held) }

    /// Whether the recorder has known better for longer than a lease lasts: then this host is not part of the run any
    /// more, and nobody has told it.
    var isFencedOff: Bool {
        fence.stands(for: .milliseconds(UInt64(accepted.leaseMilliseconds)), at: ports.clock.now())
    }

    /// The present progress, which is the heartbeat, too.
    var progress: HostProgress {
        let counters = counters.withLock { $0 }
        let roots = counters.roots
        return HostProgress(
            host: accepted.host, round: turns.round, planned: roots.planned, committed: roots.committed,
            failed: roots.failed, calls: counters.calls, waiting: counters.waiting, tokens: counters.tokens)
    }

    /// How the host is, for its metrics.
    var reading: HostReading {
        HostReading(
            round: turns.round, counters: counters.withLock { $0 }, memoryBytes: turns.memoryBytes,
            pendingSnapshots: loader.pendingSnapshots)
    }

    /// Closes the ways to the services, where requests that wait fail, and lets go of the agents. Nothing may run any
    /// more.
    func close() {
        for service in services { service.close() }
        router.disconnect()
    }
}

/// Tells the coordinator of problems that only a person can mend, each kind once.
final class ProblemTeller: Sendable {
    private let coordinator: WireClient
    private let host: UInt32
    private let logger: Logger
    private let told = Guarded<Set<Problem.Code>>([])

    init(coordinator: WireClient, host: UInt32, logger: Logger) {
        self.coordinator = coordinator
        self.host = host
        self.logger = logger
    }

    /// Tells of a problem.
    func tell(_ problem: Problem) {
        guard told.withLock({ $0.insert(problem.code).inserted }) else { return }
        // Only the kind: a server's words may repeat what it was asked.
        logger.error("cannot go on", metadata: ["problem": "\(problem.code)"])
        coordinator.request(HostFailed(host: host, problem: problem), expecting: Acknowledged.self) { _ in }
    }
}
