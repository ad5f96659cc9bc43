import ClusterLogic
import Logging
import Model
import ServiceRuntime
import SimulationKit
import Support
import Transport
import Wire

/// The state of a run in play: the machine, and what stands around it. It has no clock and starts no task: what happens
/// comes in by `take`, with its time.
struct RunPlay {
    typealias Input = RunDriver.Input
    typealias InterventionCheck = @Sendable (Intervention, String) throws -> Void

    /// Time for what is in flight when a problem ends the run.
    static let drainLimit = Span.seconds(20)
    /// Time until the recorder is asked again for what it could not do.
    static let recorderPause = Span.seconds(1)

    var machine: RoundMachine
    var printer: ProgressPrinter
    let plan: RunPlan
    let welcome: HostAccepted
    let logger: Logger
    let recorder: RecorderSteps
    let commands: HostCommands
    var membership: Membership
    var peers = HostPeers()
    var interventions = WaitingInterventions()
    /// Throws where the run cannot carry out an intervention, which errors call by the text.
    let check: InterventionCheck
    var board: ProgressBoard
    /// The first problem that ended the run.
    var problem: UserError?
    var recorderIsLost = false
    private var isDeposed = false
    /// Processes that have ended although nobody wanted it.
    var processesLost: UInt64 = 0
    private var outcome: RunOutcome?
    private var hasBegun = false
    private var drainDeadline: Instant?
    private var postponed: (number: UInt64, what: RoundMachine.Request, due: Instant)?
    /// When the recorder was last asked whether the run is still this coordinator's.
    private var confirmed: Instant
    private var isConfirming = false
    /// When each host was last sent a command.
    private var sent: [UInt32: Instant] = [:]

    /// A run at the start of `plan`, played by the coordinator's start `owner`. Inputs that come later, such as answers
    /// of the recorder, are given to `post`, from any thread.
    init(
        plan: RunPlan, owner: UInt64, welcome: HostAccepted, recorder: WireClient, listener: any ReplySink,
        logger: Logger,
        printer: ProgressPrinter, now: Instant, check: @escaping InterventionCheck = { _, _ in },
        post: @escaping @Sendable (Input) -> Void
    ) {
        self.plan = plan
        self.check = check
        self.welcome = welcome
        self.logger = logger
        self.printer = printer
        self.recorder = RecorderSteps(client: recorder, runEpoch: plan.runEpoch, owner: owner, post: post)
        confirmed = now
        commands = HostCommands(listener: listener)
        membership = Membership(lease: .milliseconds(UInt64(welcome.leaseMilliseconds)))
        machine = RoundMachine(plan: plan)
        board = ProgressBoard(rounds: plan.rounds, closedRound: plan.closedRound, now: now)
    }

    /// How the run ended; nil while it is played.
    var result: RunDriver.Result? {
        outcome.map {
            RunDriver.Result(
                outcome: $0, closedRound: machine.closedRound, problem: problem, recorderIsLost: recorderIsLost,
                isDeposed: isDeposed)
        }
    }

    /// Takes one input to its end. After the end of the run nothing happens any more.
    mutating func take(_ input: Input, now: Instant) {
        guard outcome == nil else { return }
        switch input {
        case .register(let request, let responder): register(request, responder, now)
        case .event(let event):
            if event == .stopRequested { announceStop() }
            handle(event, now)
        case .closed(let number, let round, let closed):
            printer.say("round \(round) closed, digest \(closed.digest)")
            handle(.recorded(number, .closed(isLast: closed.isLast)), now)
        case .deposed(let reason):
            isDeposed = true
            handle(.recorderFailed(reason: reason), now)
        case .confirmed: isConfirming = false
        case .recorderBusy(let number, let what): postponed = (number, what, now + Self.recorderPause)
        case .report(let report, let host, let responder):
            // The answer goes first: what follows may be a command to the same host.
            responder.reply(Acknowledged())
            if recognise(host, responder, now) { handle(.report(report, host: host), now) }
        case .progress(let progress, let responder):
            if recognise(progress.host, responder, now) {
                responder.reply(Acknowledged())
                board.take(progress, now: now)
            }
        case .hostFailed(let failure, let responder):
            responder.reply(Acknowledged())
            if recognise(failure.host, responder, now) { fail(failure, now) }
        case .status(let responder):
            responder.reply(
                RunStatus(
                    run: welcome.run, phase: board.phase, round: board.round, rounds: plan.rounds,
                    counters: board.counters(hosts: peers.count)))
        case .control(let wish, let responder): control(wish, responder, now)
        case .intervene(let message, let responder): intervene(message, responder, now)
        case .intervened(let number, let request, let result): intervened(number, request, result, now)
        case .peerArrived(let peer, let introduction): peers.greet(peer, introduction)
        case .peerLost(let peer): peers.leave(peer)
        case .childLost(let loss): lose(loss, now)
        case .tick: tick(now)
        // Answered by the driver: it changes nothing.
        case .look: return
        }
        show(now)
    }

    /// Gives an event to the machine and does what it says. An event that ends the run does so because of `error`.
    mutating func handle(_ event: RoundMachine.Event, _ now: Instant, blaming error: UserError? = nil) {
        let before = machine.ending
        let actions = machine.handle(event)
        if before == nil, machine.ending != nil, problem == nil { problem = error }
        perform(actions, now)
    }

    /// Does what the machine says.
    mutating func perform(_ actions: [RoundMachine.Action], _ now: Instant) {
        for action in actions {
            switch action {
            case .record(let number, let what): record(number, what)
            case .decline(let request): decline(request)
            case .send(let command, let targets):
                begin(command, now)
                for host in targets { sent[host] = now }
                commands.send(command, to: targets.compactMap { peers.peer(of: $0) }, endpoints: peers.endpoints)
            case .dismiss(let host, let reason):
                if let peer = peers.peer(of: host) { commands.dismiss(host, at: peer, reason: reason) }
                forget(host)
            case .limitDrain: drainDeadline = now + Self.drainLimit
            case .end(let outcome):
                self.outcome = outcome
                printer.close()
            }
        }
    }

    /// A host is no part of the run any more.
    mutating func forget(_ host: UInt32) {
        peers.forget(host)
        membership.forget(host)
        board.forget(host)
        sent[host] = nil
    }

    private mutating func tick(_ now: Instant) {
        for host in membership.tick(now: now) {
            let name = machine.hostName(host) ?? "host \(host)"
            printer.say("\(name) was not heard of for \(membership.lease.seconds) s: its partitions go to others")
            logger.notice("a host's lease ran out", metadata: ["host": "\(name)"])
            forget(host)
            handle(.hostLost(host: host), now)
        }
        if !isConfirming, now.since(confirmed) >= membership.lease {
            (confirmed, isConfirming) = (now, true)
            recorder.confirm(rounds: plan.rounds)
        }
        if let waiting = postponed, waiting.due <= now {
            postponed = nil
            record(waiting.number, waiting.what)
        }
        if let drainDeadline, drainDeadline <= now {
            self.drainDeadline = nil
            handle(.drainExpired, now)
        }
        // Commands are sent once and may get lost with a connection; given twice they change nothing.
        for (host, time) in sent.sorted(by: { $0.key < $1.key }) where now.since(time) >= membership.lease {
            sent[host] = now
            perform(machine.commands(for: host), now)
        }
    }

    private mutating func begin(_ command: RoundMachine.Command, _ now: Instant) {
        switch command {
        case .start(let round, _), .environment(let round):
            hasBegun = true
            if board.round != round { board.begin(round: round, now: now) }
        case .lease, .drain: break
        }
    }

    private mutating func show(_ now: Instant) {
        guard outcome == nil else { return }
        let activity = machine.activity
        board.phase = activity == .running && !hasBegun ? RoundMachine.Activity.starting.word : activity.word
        let board = board
        printer.update(now: now) { board.line(now: now) }
    }
}

extension RoundMachine.Activity {
    /// The word for it in a status.
    var word: String {
        switch self {
        case .starting: "starting"
        case .running: "running"
        case .waitingForHosts: "waiting for hosts"
        case .pausing: "pausing"
        case .paused: "paused"
        case .draining: "draining"
        case .finished: "finished"
        }
    }
}
