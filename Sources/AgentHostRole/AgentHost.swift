import Logging
import Model
import RunConfiguration
import ServiceRuntime
import SimulationKit
import Support
import Transport
import TurnEngine
import Wire

/// A host: follows the coordinator's commands for the partitions that it holds.
final class AgentHost: Sendable {
    private let node: TransportNode
    private let coordinator: WireClient
    private let accepted: HostAccepted
    private let router: AskRouter
    private let runner: RoundRunner
    private let loader: PartitionLoader
    private let counters: Guarded<HostCounters>
    private let logger: Logger
    private let introduction: PeerIntroduction
    private let progress: Guarded<Progress>
    private let secondsPerRound: Int64

    private struct Progress {
        var map: PartitionMap
        var peers: [UInt32: (endpoint: String, client: WireClient)] = [:]
        /// Round whose turns run, 0 for none.
        var running: UInt32 = 0
        var finished: UInt32 = 0
        var environment: UInt32 = 0
        var draining: UInt32?
    }

    init(
        node: TransportNode, coordinator: WireClient, accepted: HostAccepted, introduction: PeerIntroduction,
        run: LoadedRun, recorder: WireClient, llm: WireClient, embedding: WireClient?, retry: ServiceRetry,
        counters: Guarded<HostCounters>, logger: Logger
    ) {
        self.node = node
        self.coordinator = coordinator
        self.accepted = accepted
        self.introduction = introduction
        self.counters = counters
        self.logger = logger
        secondsPerRound = Int64(run.configuration.roundHours) * 3600
        let map = PartitionMap(partitions: run.definition.partitions, population: run.assets.population)
        let gate = RoundGate()
        let outcomes = OutcomeStream(
            recorder: recorder, pause: { try await Task.sleep(for: .milliseconds(50)) },
            failed: { error in
                // Outcomes that the recorder never takes make every commit of theirs wait in vain.
                retry.report(HostProblem.of(error))
            })
        router = AskRouter(host: accepted.host, map: map, gate: gate)
        let performer = HostPerformer(
            run: run.definition.run, seed: run.assets.seed, attempts: UInt32(run.configuration.llm.maxAttempts),
            llm: llm, embedding: embedding, outcomes: outcomes, router: router, counters: counters, retry: retry)
        let launcher = TaskLauncher()
        let members = map.members()
        let table = Guarded(AgentTable(assets: run.assets))
        let snapshots = SnapshotWriter(
            recorder: recorder, table: table, members: members, rounds: run.configuration.limits.snapshotRounds,
            launcher: launcher, pause: { try await Task.sleep(for: .milliseconds(200)) }, logger: logger)
        loader = PartitionLoader(
            assets: run.assets, recorder: recorder, retry: retry, table: table, members: members,
            snapshots: snapshots, launcher: launcher, logger: logger)
        runner = RoundRunner(
            run: run.definition.run, assets: run.assets, performer: performer, recorder: recorder, llm: llm,
            outcomes: outcomes, retry: retry,
            counters: counters, gate: gate, window: run.configuration.limits.rootWindow, loader: loader)
        progress = Guarded(Progress(map: map))
        router.connect(runner)
    }

    /// Answers asks of other hosts; called on the socket thread, answers later.
    func serve(_ ask: Ask) async throws -> Asked { try await router.answer(ask, time: runner.time) }

    /// Carries out one command of the coordinator. Commands come one at a time; the turns of a round run beside
    /// them, so that a command to drain is heard.
    func handle(_ command: HostCommand) async throws {
        switch command {
        case .grant(let grant): try await take(grant)
        case .start(let start): startRound(start)
        case .environment(let round):
            if progress.withLock({ $0.environment }) < round {
                try await runner.runEnvironment(round, time: time(ofRound: round))
                progress.withLock { $0.environment = round }
            }
            try await report(EnvironmentFinished(host: accepted.host, round: round))
        case .drain(let round):
            runner.drain()
            let idle = progress.withLock { progress in
                progress.draining = round
                return progress.running == 0
            }
            if idle { try await report(Drained(host: accepted.host, round: round)) }
        }
    }

    /// Simulated time at the start of a round; a host that joins a merged round was never told.
    private func time(ofRound round: UInt32) -> Int64 {
        secondsPerRound.multipliedReportingOverflow(by: Int64(max(round, 1)) - 1).partialValue
    }

    private func take(_ grant: LeaseGrant) async throws {
        let (map, stale) = progress.withLock { progress in
            progress.map.update(grant)
            let known = progress.peers
            return (progress.map, known)
        }
        var peers: [UInt32: (endpoint: String, client: WireClient)] = [:]
        for address in grant.hosts where address.host != accepted.host {
            if let known = stale[address.host], known.endpoint == address.endpoint {
                peers[address.host] = known
            } else {
                let connection = try node.connect(address.endpoint, introduction: introduction)
                peers[address.host] = (address.endpoint, WireClient(connection))
            }
        }
        let connected = peers
        progress.withLock { $0.peers = connected }
        router.update(map, peers: connected.mapValues(\.client))
        let held = map.held(by: accepted.host)
        runner.hold(held)
        try await loader.load(held, closedRound: grant.closedRound)
        try await loader.advance(held, to: grant.closedRound)
        try await report(LeaseReady(host: accepted.host, grant: grant.grant, round: grant.closedRound))
    }

    private func startRound(_ start: StartRound) {
        enum Step { case run, reportAgain, ignore }
        let step = progress.withLock { progress -> Step in
            if progress.finished >= start.round { return .reportAgain }
            if progress.running == start.round { return .ignore }
            progress.running = start.round
            return .run
        }
        switch step {
        case .ignore: return
        case .reportAgain:
            Task { try await report(RoundFinished(host: accepted.host, round: start.round, leases: held)) }
        case .run:
            Task {
                do {
                    try await finish(start.round, complete: try await runner.run(start.round, time: start.time))
                } catch {
                    await failed(error)
                    await abandoned()
                }
            }
        }
    }

    /// Nothing runs any more after a failure; a coordinator that waits for the end of what ran is told.
    private func abandoned() async {
        let draining = progress.withLock { progress in
            progress.running = 0
            return progress.draining
        }
        if let draining { try? await report(Drained(host: accepted.host, round: draining)) }
    }

    private func finish(_ round: UInt32, complete: Bool) async throws {
        let draining = progress.withLock { progress in
            progress.running = 0
            if complete { progress.finished = round }
            return progress.draining
        }
        if complete { try await report(RoundFinished(host: accepted.host, round: round, leases: held)) }
        if let draining { try await report(Drained(host: accepted.host, round: draining)) }
    }

    /// Tells the coordinator that this host cannot go on.
    func failed(_ error: any Error) async {
        if error is CancellationError {
            logger.notice("turns interrupted by the end of this host")
            return
        }
        let problem = HostProblem.of(error)
        // Only the kind: a server's words may repeat what it was asked.
        logger.error("cannot go on", metadata: ["problem": "\(problem.code)"])
        try? await report(HostFailed(host: accepted.host, problem: problem))
    }

    private var held: [PartitionLease] { progress.withLock { $0.map.held(by: accepted.host) } }

    private func report(_ message: some WireMessage) async throws {
        _ = try await coordinator.request(message, expecting: Acknowledged.self)
    }

    /// The present progress, for the coordinator's display.
    var currentProgress: HostProgress {
        let counters = counters.withLock { $0 }
        let round = progress.withLock { max($0.running, $0.finished) }
        return HostProgress(
            host: accepted.host, round: round, planned: counters.planned, committed: counters.committed,
            failed: counters.failed, calls: counters.calls, waiting: counters.waiting, tokens: counters.tokens)
    }
}
