import ClusterLogic
import Logging
import Model
import RunConfiguration
import ServiceRuntime
import SimulationKit
import Support
import Transport
import TrapLog
import Wire

/// One life of a host: it registers, takes part, and ends when it is dismissed, fenced off, or told to leave. The next
/// life is another incarnation and knows nothing of this one.
struct HostLife: Sendable {
    /// How a life ended.
    enum Ending: Sendable, Equatable {
        /// The process is to leave.
        case left
        /// The host is not part of the run any more, for this reason; it may register anew.
        case dismissed(String)
    }

    private static let heartbeat = Span.milliseconds(250)
    private static let registrationPause = Span.milliseconds(200)

    let name: String
    /// Where other hosts' asks come in.
    let endpoint: String
    /// Where the coordinator is.
    let coordinator: String
    let incarnation: UInt64
    let ports: HostPorts
    let registry: ScenarioRegistry
    /// Bytes of agents' long-term memory, about, above which it is left to the recorder.
    let memoryBytes: Int
    let logger: Logger
    /// Where it stands whose code runs, for the case that it is the last that the process does.
    var trapLog: TrapLog?
    /// Bytes in a piece of a snapshot, about.
    var snapshotPieceBytes = SnapshotWriter.usualPieceBytes

    /// What a life hears of the coordinator.
    private enum Heard: Sendable {
        case command(HostCommand)
        case reachable(Bool)
        case end(String)
    }

    /// Lives until the end. Asks of other hosts find the host in `desk` while it takes part.
    /// - Throws: `UserError` where registration is refused for a reason that stays.
    func run(desk: AskDesk) async throws -> Ending {
        let (heard, post) = AsyncStream.makeStream(of: Heard.self)
        let introduction = PeerIntroduction(role: AgentHostService.role, name: name, incarnation: incarnation)
        let link = WireClient(
            try ports.connect(coordinator, introduction) { [logger] event in
                Self.take(event, into: post, logger)
            })
        defer { link.close() }
        let born = ports.clock.now()
        guard let accepted = try await register(link) else {
            return .dismissed("another incarnation of this host took part")
        }
        let lease = LeaseWatch(
            lease: .milliseconds(UInt64(accepted.leaseMilliseconds)), since: born, clock: ports.clock,
            pause: ports.pause)
        logger.info("registered", metadata: ["number": "\(accepted.host)"])
        // The heartbeat goes on while the run's files are fetched: with many agents that takes longer than a lease.
        let early = ports.launcher.launch { try await beat(link, lease) { Self.idle(accepted.host) } }
        let parts: HostParts
        do {
            parts = try await makeParts(accepted, link, introduction, lease)
            early.cancel()
        } catch {
            early.cancel()
            throw error
        }
        let host = AgentHost(parts)
        let work = ports.launcher.launch { await host.run() }
        desk.open(host)
        let beats = ports.launcher.launch {
            try await beat(link, lease) {
                if parts.isFencedOff { post.yield(.end("the recorder knows newer leases")) }
                return parts.progress
            }
        }
        let ending = await listen(heard, to: host)
        desk.close()
        beats.cancel()
        work.cancel()
        _ = try? await work.value
        parts.close()
        return ending
    }

    private static func idle(_ host: UInt32) -> HostProgress {
        HostProgress(host: host, round: 0, planned: 0, committed: 0, failed: 0, calls: 0, waiting: 0, tokens: 0)
    }

    private func beat(
        _ link: WireClient, _ lease: LeaseWatch, _ progress: @Sendable () -> HostProgress
    ) async throws {
        while true {
            if let sent = lease.ask() {
                link.request(progress(), expecting: Acknowledged.self) { result in
                    lease.answered(sent, isAcknowledged: (try? result.get()) != nil)
                }
            } else {
                link.post(progress())
            }
            try await ports.pause(Self.heartbeat)
        }
    }

    private static func take(
        _ event: ConnectionEvent, into post: AsyncStream<Heard>.Continuation, _ logger: Logger
    ) {
        switch event {
        case .received(let envelope):
            do {
                if let command = try HostCommand(envelope) { post.yield(.command(command)) }
            } catch {
                logger.error("a command cannot be read", metadata: ["error": "\(error)"])
            }
        case .up(_, let isRestart):
            post.yield(isRestart ? .end("the coordinator was started anew") : .reachable(true))
        case .down: post.yield(.reachable(false))
        case .refused: break
        }
    }

    /// Follows the coordinator until the life's end.
    private func listen(_ heard: AsyncStream<Heard>, to host: AgentHost) async -> Ending {
        for await item in heard {
            switch item {
            case .command(.dismiss(let dismissal)):
                if dismissal.host == host.accepted.host { return .dismissed(dismissal.reason) }
            case .command(let command): host.take(command)
            case .reachable(let isReachable): host.coordinatorHeard(isReachable)
            case .end(let reason): return .dismissed(reason)
            }
        }
        return .left
    }

    /// Registers, asking again while an earlier incarnation may still be alive; nil where this one was refused for
    /// good.
    private func register(_ link: WireClient) async throws -> HostAccepted? {
        while true {
            do {
                return try await link.request(
                    RegisterHost(
                        name: name, incarnation: incarnation, endpoint: endpoint,
                        programVersion: ProgramVersion.current), expecting: HostAccepted.self)
            } catch let problem as Problem {
                switch problem.code {
                case .unavailable, .overloaded: try await ports.pause(Self.registrationPause)
                case .fenced: return nil
                default: throw problem.userError(at: coordinator)
                }
            }
        }
    }

    /// Tells whose code was running when the process before this one trapped: before anything of it can run again.
    private func tellTrap(to recorder: WireClient, run: [UInt8]) async throws {
        guard let trapLog else { return }
        trapLog.joins(run: run)
        if let trap = trapLog.trap(inRun: run) {
            logger.warning(
                "the process before this one trapped in code of agents' turns",
                metadata: [
                    "signal": "\(trap.signal)", "round": "\(trap.round)", "turns": "\(trap.roots.count)",
                ])
            let message = RecordTraps(
                host: name, life: trap.life, signal: UInt32(clamping: trap.signal), round: trap.round,
                roots: trap.roots)
            try await insist { _ = try await recorder.request(message, expecting: Acknowledged.self) }
        }
        trapLog.forgetTrap()
    }

    /// Asks again for as long as the recorder cannot answer.
    private func insist(_ request: () async throws -> Void) async throws {
        while true {
            do { return try await request() } catch let problem as Problem {
                guard problem.code == .unavailable || problem.code == .overloaded else {
                    throw problem.userError(at: name)
                }
            }
            try await ports.pause(Self.registrationPause)
        }
    }

    private func makeParts(
        _ accepted: HostAccepted, _ link: WireClient, _ introduction: PeerIntroduction, _ lease: LeaseWatch
    ) async throws -> HostParts {
        func connect(_ endpoint: String) throws -> WireClient {
            WireClient(try ports.connect(endpoint, introduction) { _ in })
        }
        let recorder = try connect(accepted.recorder)
        let run: LoadedRun
        do {
            run = try await HostLoader(recorder: recorder, registry: registry) {
                try await ports.pause(Self.registrationPause)
            }.load(accepted.definition)
            try await tellTrap(to: recorder, run: accepted.definition.bytes)
        } catch {
            recorder.close()
            throw error
        }
        return HostParts(
            ports: ports, accepted: accepted, introduction: introduction, run: run, coordinator: link,
            recorder: recorder, llm: try connect(accepted.llmGateway),
            embedding: accepted.embeddingGateway.isEmpty ? nil : try connect(accepted.embeddingGateway),
            lease: lease, trapLog: trapLog, memoryBytes: memoryBytes, snapshotPieceBytes: snapshotPieceBytes,
            logger: logger)
    }
}
