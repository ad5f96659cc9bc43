import ClusterLogic
import Logging
import Model
import ServiceRuntime
import Support
import Wire

@testable import CoordinatorRole
@testable import Transport

/// The coordinator: what `coordinator run --resume` plays, without the processes that it starts.
final class CoordinatorProcess {
    static let endpoint = "sim://coordinator"

    private(set) var outcome: RunOutcome?

    init(life: Life, network: Network, blueprint: Blueprint, hosts: Int, over: @escaping @Sendable (RunOutcome) -> Void) {
        let node = SimulatedNode(life: life, network: network)
        let introduction = PeerIntroduction(role: "coordinator", name: "coordinator", incarnation: life.number)
        let recorder = WireClient(node.connect(RecorderProcess.endpoint, introduction: introduction))
        let clock = WorldClock(network.world)
        life.launcher.launch {
            let state = try await recorder.request(LoadRun(), expecting: RunState.self)
            let epoch = state.epoch + 1
            _ = try await recorder.request(
                RaiseEpoch(epoch: epoch, rounds: blueprint.rounds, owner: life.number), expecting: Acknowledged.self)
            let driver = RunDriver()
            let listener = node.listen(
                Self.endpoint, options: ListenerOptions(incarnation: life.number), handler: driver.server())
            var play = RunPlay(
                plan: RunPlan(
                    hosts: hosts, partitions: blueprint.partitions, rounds: blueprint.rounds, runEpoch: epoch,
                    secondsPerRound: blueprint.secondsPerRound, hasEnvironment: true,
                    toleratedFailures: blueprint.toleratedFailures, closedRound: state.closedRound,
                    openRound: state.openRound, merged: state.merged),
                welcome: HostAccepted(
                    host: 0, run: state.run, runEpoch: epoch, definition: blobHash(state.definition),
                    recorder: RecorderProcess.endpoint, llmGateway: GatewayProcess.endpoint,
                    embeddingGateway: EmbeddingProcess.endpoint, leaseMilliseconds: 6000),
                recorder: recorder, listener: listener, clock: clock,
                logger: Logger(label: "sim") { _ in SwiftLogNoOpLogHandler() },
                printer: ProgressPrinter(style: .quiet), post: driver.post)
            for await input in driver.inputs {
                play.take(input)
                if let outcome = play.outcome { return over(outcome) }
            }
        }
    }
}
