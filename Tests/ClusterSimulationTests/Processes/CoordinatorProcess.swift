import ClusterLogic
import Hashing
import Logging
import Model
import ServiceRuntime
import Support
import Wire

@testable import CoordinatorRole
@testable import Transport

extension Responder {
    /// Of somebody who has left.
    fileprivate static var unheard: Responder {
        Responder(peer: PeerID(number: 0), correlation: 0, sink: NobodyListens())
    }
}

private struct NobodyListens: ReplySink {
    func send(_ messages: [(peer: PeerID, envelope: Envelope)]) {}
}

/// The coordinator: what `coordinator run --resume` plays, without the processes that it starts.
enum CoordinatorProcess {
    /// A person's way to a coordinator that plays.
    final class Controls {
        private let post: AsyncStream<RunDriver.Input>.Continuation

        init(_ post: AsyncStream<RunDriver.Input>.Continuation) { self.post = post }

        func ask(_ wish: RoundMachine.Event) { post.yield(.event(wish)) }
    }

    static let endpoint = "sim://coordinator"
    /// Short beside the patience of people, long beside the delays of the network.
    static let lease = Span.seconds(3)

    static func start(
        life: Life, network: Network, blueprint: Blueprint, hosts: Int,
        ready: @escaping @Sendable (AsyncStream<RunDriver.Input>.Continuation) -> Void,
        over: @escaping @Sendable (RunOutcome) -> Void
    ) {
        let node = SimulatedNode(life: life, network: network)
        let introduction = PeerIntroduction(role: "coordinator", name: "coordinator", incarnation: life.number)
        let recorder = WireClient(node.connect(RecorderProcess.endpoint, introduction: introduction))
        let clock = WorldClock(network.world)
        life.launcher.launch {
            do {
                over(
                    try await play(
                        life: life, node: node, recorder: recorder, clock: clock, blueprint: blueprint, hosts: hosts,
                        ready: ready))
            } catch is CancellationError {
                return
            } catch {
                // It cannot start now: a person reads why, and tries again.
                over(.failed("\(error)"))
            }
        }
    }

    private static func play(
        life: Life, node: SimulatedNode, recorder: WireClient, clock: WorldClock, blueprint: Blueprint, hosts: Int,
        ready: (AsyncStream<RunDriver.Input>.Continuation) -> Void
    ) async throws -> RunOutcome {
        let state = try await recorder.request(LoadRun(), expecting: RunState.self)
        let epoch = state.epoch + 1
        _ = try await recorder.request(
            RaiseEpoch(epoch: epoch, rounds: blueprint.rounds, owner: life.number), expecting: Acknowledged.self)
        let (inputs, post) = AsyncStream.makeStream(of: RunDriver.Input.self)
        ready(post)
        // Each start of the coordinator finds the same request, as of a person who was never told of its end.
        post.yield(.intervene(SquareScenario.intervention(lastRound: blueprint.rounds), Responder.unheard))
        let listener = node.listen(
            endpoint, options: ListenerOptions(incarnation: life.number),
            handler: RunDriver.server { post.yield($0) })
        let ticker = life.launcher.launch {
            while true {
                try await life.pause(RunDriver.tickInterval)
                post.yield(.tick)
            }
        }
        defer { ticker.cancel() }
        var play = RunPlay(
            plan: RunPlan(
                hosts: hosts, partitions: blueprint.partitions, rounds: blueprint.rounds, runEpoch: epoch,
                secondsPerRound: blueprint.secondsPerRound, hasEnvironment: true,
                toleratedFailures: blueprint.toleratedFailures, closedRound: state.closedRound,
                openRound: state.openRound, merged: state.merged),
            owner: life.number,
            welcome: HostAccepted(
                host: 0, run: state.run, runEpoch: epoch, definition: blobHash(state.definition),
                recorder: RecorderProcess.endpoint, llmGateway: GatewayProcess.endpoint,
                embeddingGateway: EmbeddingProcess.endpoint,
                leaseMilliseconds: UInt32(lease.nanoseconds / 1_000_000), scope: "\(state.run)#1"),
            recorder: recorder, listener: listener,
            logger: Logger(label: life.name) { _ in SwiftLogNoOpLogHandler() },
            printer: ProgressPrinter(style: .quiet), now: clock.now()
        ) { post.yield($0) }
        for await input in inputs {
            play.take(input, now: clock.now())
            if let result = play.result { return result.outcome }
        }
        throw CancellationError()
    }
}
