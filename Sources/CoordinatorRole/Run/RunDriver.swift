import ClusterLogic
import Logging
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
        case merged(UInt32, RoundMerged)
        case closed(UInt32, RoundClosed)
        case step(RoundMachine.HostStep, host: UInt32, round: UInt32, Responder)
        case progress(HostProgress)
        case hostFailed(HostFailed, Responder)
        case status(Responder)
        case peerLost(PeerID)
        case hostSilent(UInt32, PeerID)
        case childLost(LocalCluster.Loss)
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
    }

    private let inputs: AsyncStream<Input>
    /// Where everything that happens goes in, from any thread.
    let post: AsyncStream<Input>.Continuation

    /// A driver that does nothing yet.
    init() { (inputs, post) = AsyncStream.makeStream(of: Input.self) }

    /// The handlers of the coordinator's socket: each puts what came into the one order.
    func server() -> WireServer {
        var server = WireServer()
        let post = post
        server.on(RegisterHost.self) { post.yield(.register($0, $1)) }
        server.on(LeaseReady.self) {
            post.yield(.step(.ready, host: $0.host, round: $0.round, $1))
            post.yield(.step(.advanced, host: $0.host, round: $0.round, $1))
        }
        server.on(RoundFinished.self) { post.yield(.step(.roundFinished, host: $0.host, round: $0.round, $1)) }
        server.on(EnvironmentFinished.self) {
            post.yield(.step(.environmentFinished, host: $0.host, round: $0.round, $1))
        }
        server.on(Drained.self) { post.yield(.step(.drained, host: $0.host, round: $0.round, $1)) }
        server.on(HostProgress.self) { progress, _ in post.yield(.progress(progress)) }
        server.on(HostFailed.self) { post.yield(.hostFailed($0, $1)) }
        server.on(RequestStatus.self) { _, responder in post.yield(.status(responder)) }
        server.onLoss { post.yield(.peerLost($0)) }
        return server
    }

    /// Plays the run to its end.
    func run(
        plan: RunPlan, welcome: HostAccepted, recorder: WireClient, listener: any ReplySink, clock: any MonotonicClock,
        logger: Logger, printer: ProgressPrinter
    ) async -> Result {
        let post = post
        let ticker = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .milliseconds(250))
                post.yield(.tick)
            }
        }
        defer { ticker.cancel() }
        var play = RunPlay(
            plan: plan, welcome: welcome, recorder: recorder, listener: listener, clock: clock, logger: logger,
            printer: printer, post: post)
        for await input in inputs {
            play.take(input)
            if let outcome = play.outcome {
                play.printer.close()
                return Result(
                    outcome: outcome, closedRound: play.machine.closedRound, problem: play.problem,
                    recorderIsLost: play.recorderIsLost)
            }
        }
        return Result(outcome: .failed("the coordinator was closed"), closedRound: play.machine.closedRound)
    }
}
