import ClusterLogic
import Foundation
import Hashing
import Recording
import Support

@testable import RecorderRole

/// One simulated run of a cluster, from its first step to its judgement.
final class Simulation {
    /// What came of it.
    struct Result {
        var outcome: RunOutcome?
        var digests: [Digest256]
        var violations: [String]
        var steps: Int
        var trace: UInt64
        var seconds: Double
        var paidAgain: Int
        var calls: Int
    }

    let world: World
    let network: Network
    let ledger = Ledger()
    let models: ModelServers
    private let blueprint: Blueprint
    private let folder: String
    private let seed: UInt64
    private let outcome = Guarded<RunOutcome?>(nil)
    private var recording: String
    private var lives: [String: Life] = [:]
    private var parts: [String: AnyObject] = [:]
    private let hosts = 2

    init(seed: UInt64, blueprint: Blueprint, folder: String) throws {
        self.seed = seed
        self.blueprint = blueprint
        self.folder = folder
        world = World(seed: seed)
        network = Network(world: world, dice: Dice(seed: seed, "network"))
        models = ModelServers(world: world, ledger: ledger, dice: Dice(seed: seed, "model servers"))
        recording = folder + "/start.sqlite"
        try CrashedRecording.copy(from: blueprint.recording, to: recording)
    }

    /// Plays until the run is over, and judges.
    func play() throws -> Result {
        try startRecorder()
        startGateway()
        startEmbedding()
        startCoordinator()
        for number in 1...hosts { startHost("host-\(number)") }
        while outcome.withLock({ $0 }) == nil, world.now < Instant(nanoseconds: 1_000_000_000_000) {
            guard world.step() else { break }
        }
        let result = outcome.withLock { $0 }
        let (trace, steps, seconds) = (world.trace, world.steps, Double(world.now.nanoseconds) / 1e9)
        for life in lives.values.sorted(by: { $0.number < $1.number }) { life.end() }
        parts = [:]
        world.end()
        let reader = try RecordingReader(path: recording)
        var violations = ledger.violations
        if let violation = try reader.verify().violation { violations.append(violation) }
        let digests = try reader.digestChain().map(\.digest)
        try reader.close()
        return Result(
            outcome: result, digests: digests, violations: violations, steps: steps, trace: trace, seconds: seconds,
            paidAgain: ledger.paidAgain, calls: ledger.answered.values.reduce(0, +))
    }

    private func live(_ name: String) -> Life {
        let life = world.begin(name)
        lives[name] = life
        return life
    }

    private func startRecorder() throws {
        let life = live("recorder")
        parts["recorder"] = try RecorderProcess(
            life: life, network: network, path: recording, ledger: ledger,
            dice: Dice(seed: seed, "recorder \(life.number)"), settings: RecorderSettings())
    }

    private func startGateway() {
        parts["llm-gateway"] = GatewayProcess(life: live("llm-gateway"), network: network, models: models)
    }

    private func startEmbedding() {
        let life = live("embedding-gateway")
        parts["embedding-gateway"] = EmbeddingProcess(
            life: life, network: network, dice: Dice(seed: seed, "embedding \(life.number)"))
    }

    private func startCoordinator() {
        parts["coordinator"] = CoordinatorProcess(
            life: live("coordinator"), network: network, blueprint: blueprint, hosts: hosts
        ) { [outcome] ended in outcome.withLock { $0 = ended } }
    }

    private func startHost(_ name: String) { HostProcess.start(life: live(name), network: network) }
}
