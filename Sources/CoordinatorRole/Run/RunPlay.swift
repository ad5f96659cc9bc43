import ClusterLogic
import Logging
import Model
import ServiceRuntime
import Support
import Transport
import Wire

/// The state of a run in play: the machine, and what stands around it.
struct RunPlay {
    typealias Input = RunDriver.Input

    /// A host as it can be reached.
    struct Reach {
        var peer: PeerID
        var endpoint: String
    }

    /// Time for what is in flight when a problem ends the run.
    private static let drainLimit = Duration.seconds(20)
    /// Time that a host may be silent, after the transport gave it up, before it counts as lost.
    private static let silenceLimit = Duration.seconds(20)

    private(set) var machine: RoundMachine
    private(set) var outcome: RunOutcome?
    private(set) var problem: UserError?
    private(set) var recorderIsLost = false
    var printer: ProgressPrinter
    private let plan: RunPlan
    private let welcome: HostAccepted
    private let clock: any MonotonicClock
    private let logger: Logger
    private let post: AsyncStream<Input>.Continuation
    private let recorder: RecorderSteps
    private let hosts: HostCommands
    private var board: ProgressBoard
    private var reach: [UInt32: Reach] = [:]

    init(
        plan: RunPlan, welcome: HostAccepted, recorder: WireClient, listener: any ReplySink, clock: any MonotonicClock,
        logger: Logger, printer: ProgressPrinter, post: AsyncStream<Input>.Continuation
    ) {
        self.plan = plan
        self.welcome = welcome
        self.clock = clock
        self.logger = logger
        self.printer = printer
        self.post = post
        self.recorder = RecorderSteps(client: recorder, runEpoch: plan.runEpoch, post: post)
        hosts = HostCommands(listener: listener)
        machine = RoundMachine(plan: plan)
        board = ProgressBoard(rounds: plan.rounds, closedRound: plan.closedRound, now: clock.now())
    }

    /// Takes one input to its end.
    mutating func take(_ input: Input) {
        let now = clock.now()
        switch input {
        case .register(let request, let responder): register(request, responder)
        case .event(let event):
            if event == .stopRequested {
                printer.say("stopping: what is in flight finishes; once more to stop at once")
            }
            perform(machine.handle(event))
        case .merged(let round, let merged):
            perform(machine.handle(.roundMerged(round, roots: merged.roots, failed: merged.failed)))
        case .closed(let round, let closed):
            printer.say("round \(round) closed, digest \(closed.digest)")
            perform(machine.handle(.roundClosed(round)))
        case .step(let step, let host, let round, let responder):
            // The answer goes first: what follows may be a command to the same host.
            responder.reply(Acknowledged())
            perform(machine.handle(.step(step, host: host, round: round)))
        case .progress(let progress):
            if reach[progress.host] != nil { board.take(progress, now: now) }
        case .hostFailed(let failure, let responder):
            responder.reply(Acknowledged())
            let error = failure.problem.userError(at: name(of: failure.host))
            note(error)
            perform(machine.handle(.hostFailed(host: failure.host, reason: "\(error)")))
        case .status(let responder):
            responder.reply(
                RunStatus(
                    run: welcome.run, phase: board.phase, round: board.round, rounds: plan.rounds,
                    counters: board.counters(hosts: reach.count)))
        case .peerLost(let peer): watch(peer)
        case .hostSilent(let host, let peer):
            guard reach[host]?.peer == peer else { return }
            lose(host, "\(name(of: host)) has been silent for too long")
        case .childLost(let loss): lose(loss)
        case .tick: break
        }
        let board = board
        printer.update(now: now) { board.line(now: now) }
    }

    private mutating func register(_ request: RegisterHost, _ responder: Responder) {
        guard request.programVersion == ProgramVersion.current else {
            let what = "the host \(request.name) is of version \(request.programVersion)"
            responder.fail(
                Problem(.invalid, what, advice: "start it from version \(ProgramVersion.current), as the run was"))
            return
        }
        switch machine.register(name: request.name, incarnation: request.incarnation) {
        case .refused(let reason):
            responder.fail(Problem(.conflict, reason, advice: "start no more hosts than the run has"))
        case .accepted(let host, let actions):
            reach[host] = Reach(peer: responder.sender, endpoint: request.endpoint)
            var reply = welcome
            reply.host = host
            responder.reply(reply)
            logger.info("host registered", metadata: ["host": "\(request.name)", "number": "\(host)"])
            perform(actions)
        }
    }

    private mutating func perform(_ actions: [RoundMachine.Action]) {
        for action in actions {
            switch action {
            case .send(let command, let targets):
                show(command)
                let map = hosts.partitionMap(
                    machine.table.leases, grant: 1 + UInt64(machine.closedRound), closedRound: machine.closedRound,
                    reach: reach)
                hosts.send(command, map: map, to: targets.compactMap { reach[$0]?.peer })
            case .limitDrain:
                let post = post
                Task {
                    try await Task.sleep(for: Self.drainLimit)
                    post.yield(.event(.drainExpired))
                }
            case .end(let outcome):
                self.outcome = outcome
                board.phase = "finished"
            default: recorder.perform(action)
            }
        }
    }

    private mutating func show(_ command: RoundMachine.Command) {
        switch command {
        case .start(let round, _): board.begin(round: round, now: clock.now())
        case .environment(let round) where board.round != round: board.begin(round: round, now: clock.now())
        case .drain: board.phase = "draining"
        default: break
        }
    }

    private func watch(_ peer: PeerID) {
        guard let host = reach.first(where: { $0.value.peer == peer })?.key else { return }
        let post = post
        Task {
            try await Task.sleep(for: Self.silenceLimit)
            post.yield(.hostSilent(host, peer))
        }
    }

    private mutating func lose(_ host: UInt32, _ reason: String) {
        note(UserError(reason, exitCode: .temporaryFailure))
        perform(machine.handle(.hostLost(host: host, reason: reason)))
    }

    private mutating func lose(_ loss: LocalCluster.Loss) {
        logger.notice("a process was lost", metadata: ["process": "\(loss.name)"])
        if let host = machine.host(named: loss.name) {
            lose(host, loss.explanation)
            return
        }
        note(UserError(loss.explanation, exitCode: .temporaryFailure))
        let isRecorder = loss.name == ServiceNames.recorder
        recorderIsLost = recorderIsLost || isRecorder
        perform(
            machine.handle(
                isRecorder ? .recorderFailed(reason: loss.explanation) : .serviceLost(reason: loss.explanation)))
    }

    private mutating func note(_ error: UserError) {
        if problem == nil { problem = error }
    }

    private func name(of host: UInt32) -> String { machine.hostName(host) ?? "host \(host)" }
}
