import ClusterLogic
import Hashing
import Logging
import Metrics
import Model
import ServiceRuntime
import Support
import Transport
import Wire

/// Plays a run: feeds what happens to the round machine, one event after another, and performs its actions.
final class RunDriver: Sendable {
    /// What can happen.
    enum Input: Sendable {
        case register(RegisterHost, Responder)
        case event(RoundMachine.Event)
        /// The recorder has closed the round, as it was asked under the number.
        case closed(UInt64, round: UInt32, RoundClosed)
        /// The run is another coordinator's.
        case deposed(reason: String)
        /// The recorder has said whose the run is.
        case confirmed
        /// The recorder cannot do now what it was asked.
        case recorderBusy(UInt64, RoundMachine.Request)
        case report(RoundMachine.Report, host: UInt32, Responder)
        case progress(HostProgress, Responder)
        case hostFailed(HostFailed, Responder)
        case status(Responder)
        case control(RunControl, Responder)
        case intervene(Intervene, Responder)
        /// The recorder has kept the interventions of the request, as it was asked under the number, or refused them.
        case intervened(UInt64, Digest128, Swift.Result<[UInt32], Problem>)
        case peerArrived(PeerID, PeerIntroduction)
        case peerLost(PeerID)
        case childLost(LocalCluster.Loss)
        /// Somebody wants to know how the run is.
        case look
        /// A quarter of a second has passed, or more.
        case tick
    }

    /// How a run ended.
    struct Result: Sendable {
        var outcome: RunOutcome
        var closedRound: UInt32
        /// The first problem, with its own exit code.
        var problem: UserError?
        /// Whether there is a recorder left that could sum up.
        var recorderIsLost = false
        /// Whether another coordinator plays the run: then nothing that belongs to the run is this one's to end.
        var isDeposed = false
    }

    /// Time from one tick to the next.
    static let tickInterval = Span.milliseconds(250)

    private let inputs: AsyncStream<Input>
    /// Where everything that happens goes in, from any thread.
    let post: AsyncStream<Input>.Continuation

    private let looks = OpenQuestions<RunReading?>()

    /// A driver that does nothing yet.
    init() { (inputs, post) = AsyncStream.makeStream(of: Input.self) }

    /// Says how the run is, between one input and the next; nil once it is over.
    func look(_ reply: @escaping @Sendable (RunReading?) -> Void) {
        if looks.add(reply) { post.yield(.look) } else { reply(nil) }
    }

    /// The handlers of the coordinator's socket: each puts what came into the one order.
    func server() -> WireServer {
        let post = post
        return Self.server { post.yield($0) }
    }

    /// Handlers that give what comes to `post`.
    static func server(_ post: @escaping @Sendable (Input) -> Void) -> WireServer {
        var server = WireServer()
        server.on(RegisterHost.self) { post(.register($0, $1)) }
        server.on(LeaseReady.self) { post(.report(.ready(grant: $0.grant, round: $0.round), host: $0.host, $1)) }
        server.on(RoundFinished.self) {
            post(.report(.finished(round: $0.round, leases: $0.leases), host: $0.host, $1))
        }
        server.on(EnvironmentFinished.self) {
            post(.report(.environmentFinished(round: $0.round), host: $0.host, $1))
        }
        server.on(Drained.self) { post(.report(.drained(round: $0.round), host: $0.host, $1)) }
        server.on(HostProgress.self) { post(.progress($0, $1)) }
        server.on(HostFailed.self) { post(.hostFailed($0, $1)) }
        server.on(RequestStatus.self) { _, responder in post(.status(responder)) }
        server.on(ControlRun.self) { post(.control($0.control, $1)) }
        server.on(Intervene.self) { post(.intervene($0, $1)) }
        server.onArrival { peer, introduction, _ in post(.peerArrived(peer, introduction)) }
        server.onLoss { post(.peerLost($0)) }
        return server
    }

    /// Plays the run to its end, as the coordinator's start `owner`.
    func run(
        plan: RunPlan, owner: UInt64, welcome: HostAccepted, recorder: WireClient, listener: any ReplySink,
        clock: any MonotonicClock,
        logger: Logger, printer: ProgressPrinter, check: @escaping RunPlay.InterventionCheck = { _, _ in }
    ) async -> Result {
        let post = post
        let ticker = Task {
            while !Task.isCancelled {
                try await Task.sleep(nanoseconds: Self.tickInterval.nanoseconds)
                post.yield(.tick)
            }
        }
        defer { ticker.cancel() }
        var play = RunPlay(
            plan: plan, owner: owner, welcome: welcome, recorder: recorder, listener: listener, logger: logger,
            printer: printer,
            now: clock.now(), check: check
        ) { post.yield($0) }
        defer { looks.close { nil } }
        for await input in inputs {
            if case .look = input { looks.answer { play.reading } }
            play.take(input, now: clock.now())
            if let result = play.result { return result }
        }
        return Result(outcome: .failed("the coordinator was closed"), closedRound: play.machine.closedRound)
    }
}
