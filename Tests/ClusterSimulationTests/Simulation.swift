import ClusterLogic
import Foundation
import Hashing
import Recording
import Support

@testable import RecorderRole

/// One simulated run of a cluster, from its first step to its judgement. Unchecked, because it is confined to its
/// thread.
final class Simulation: @unchecked Sendable {
    /// What came of it.
    struct Result {
        var outcome: RunOutcome?
        var digests: [Digest256]
        var violations: [String]
        var steps: Int
        var trace: UInt64
        /// Virtual seconds.
        var seconds: Double
        /// Completed calls that reached a model server again.
        var paidAgain: Int
        /// Answers that model servers gave.
        var answers: Int
        /// Answers of which the recording knows.
        var recorded: Int
        /// Starts of processes.
        var starts: Int
        /// Faults that have struck.
        var strikes: Int
        /// Writes under an older epoch that the recorder refused.
        var fenced: Int
        /// Snapshots that were read with heads newer than their last complete one.
        var headsAhead: Int
        var history: [String]
    }

    /// Virtual time that a run may take once all trouble is over (I7).
    private static let patience = Span.seconds(180)
    private static let restartPause = Span.seconds(1)

    private let world: World
    private let network: Network
    private let ledger = Ledger()
    private let models: ModelServers
    private let blueprint: Blueprint
    private let folder: String
    private let seed: UInt64
    private let plan: FaultPlan
    private var end: RunOutcome?
    private var troubles: [String] = []
    private var lives: [String: Life] = [:]
    /// Coordinators that others were started in place of.
    private var deposed: [Life] = []
    /// Hosts whose packets are kept on their way, and for how long after a grant.
    private var holding: [(host: String, longer: Span)] = []
    /// Faults that wait for a milestone, with the number of times that it is to be reached.
    private var upcoming: [(milestone: Milestone, number: Int, fault: Fault)] = []
    private var milestones: [Milestone: Int] = [:]
    private var strikes = 0
    private var recordingDice: Dice
    private var recorder: RecorderProcess?
    private var recording: String
    private var recordings = 0
    private var parts: [String: AnyObject] = [:]
    private var starts = 0
    private let hosts = 2

    /// A run of the blueprint, whose files lie in a folder of its own.
    init(seed: UInt64, plan: FaultPlan, blueprint: Blueprint, folder: String, keepsHistory: Bool = false) throws {
        self.seed = seed
        self.plan = plan
        self.blueprint = blueprint
        self.folder = folder
        world = World(seed: seed)
        network = Network(world: world, dice: Dice(seed: seed, "network"))
        network.weather = plan.weather
        if keepsHistory { ledger.history = [] }
        ledger.now = { [unowned world] in Double(world.now.nanoseconds) / 1e9 }
        models = ModelServers(world: world, ledger: ledger, dice: Dice(seed: seed, "model servers"))
        models.latency = plan.modelLatency
        recordingDice = Dice(seed: seed, "crashed recordings")
        recording = folder + "/0.sqlite"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try CrashedRecording.copy(from: blueprint.recording, to: recording)
    }

    /// Plays until the run is over, and judges.
    func play() throws -> Result {
        for process in ["recorder", "llm-gateway", "embedding-gateway", "coordinator", "host-1", "host-2"] {
            start(process)
        }
        arrangeFaults()
        let limit = world.now + plan.end + Self.patience
        while end == nil, world.now < limit {
            guard world.step() else { break }
        }
        let (trace, steps) = (world.trace, world.steps)
        if end == nil { ledger.violated("I7: the run did not end within \(Self.patience.seconds) s without faults") }
        for life in (deposed + lives.values).sorted(by: { $0.number < $1.number }) { life.end() }
        recorder = nil
        parts = [:]
        world.end()
        let audit = try Audit(recording: recording, ledger: ledger)
        return Result(
            outcome: end, digests: audit.digests, violations: ledger.violations + audit.violations, steps: steps,
            trace: trace, seconds: Double(world.now.nanoseconds) / 1e9, paidAgain: ledger.paidAgain,
            answers: ledger.answered.values.reduce(0, +), recorded: audit.attempts, starts: starts,
            strikes: strikes, fenced: ledger.epochs.refused, headsAhead: ledger.headsAhead,
            history: ledger.history ?? [])
    }

    // MARK: Processes

    private func start(_ name: String) {
        let life = world.begin(name)
        ledger.tell("\(name) starts")
        lives[name] = life
        starts += 1
        switch name {
        case "recorder": startRecorder(life)
        case "llm-gateway":
            parts[name] = GatewayProcess(
                life: life, network: network, models: models, isTight: plan.isTight)
        case "embedding-gateway":
            parts[name] = EmbeddingProcess(
                life: life, network: network, dice: Dice(seed: seed, "embedding \(life.number)"))
        case "coordinator":
            CoordinatorProcess.start(life: life, network: network, blueprint: blueprint, hosts: hosts) {
                [unowned self] post in
                if lives[name] === life { parts[name] = CoordinatorProcess.Controls(post) }
            } over: { [unowned self] outcome in
                ended(outcome, life)
            }
        default:
            HostProcess.start(life: life, network: network) { [unowned self] in
                ledger.tell("\(name) gives up")
                crash(name, restartAfter: Self.restartPause)
            }
        }
    }

    private func startRecorder(_ life: Life) {
        do {
            recorder = try RecorderProcess(
                life: life, network: network, path: recording, ledger: ledger,
                dice: Dice(seed: seed, "recorder \(life.number)"), isTight: plan.isTight)
        } catch {
            ledger.violated("I1: the recorder cannot open its recording again: \(error)")
        }
    }

    /// The coordinator says that the run is over. If it is not, a person resumes it.
    private func ended(_ outcome: RunOutcome, _ life: Life) {
        if case .finished = outcome {
            end = outcome
            return
        }
        guard lives["coordinator"] === life else {
            ledger.tell("deposed coordinator: \(outcome)")
            return world.after(Span(nanoseconds: 0)) { life.end() }
        }
        troubles.append("\(outcome)")
        ledger.tell("coordinator: \(outcome)")
        if troubles.count > 20 { return ledger.violated("I7: resumed in vain: \(troubles.suffix(2))") }
        world.after(Span(nanoseconds: 0)) { life.end() }
        world.after(Self.restartPause) { [self] in
            if lives["coordinator"] === life { start("coordinator") }
        }
    }

    // MARK: Faults

    private func arrangeFaults() {
        for (after, fault) in plan.timed { world.after(after) { [self] in strike(fault) } }
        world.after(plan.end) { [self] in calmDown() }
        ledger.reached = { [unowned self] in reached($0) }
        if let crash = plan.crashAtStep {
            world.beforeStep = { [self] in
                guard world.steps == crash.step else { return }
                strike(
                    crash.process == FaultPlan.all
                        ? .crashAll(restartAfter: crash.restartAfter)
                        : .crash(crash.process, restartAfter: crash.restartAfter))
            }
        }
    }

    /// What happens because of a milestone happens right after it: whoever reached it is not done yet.
    private func reached(_ milestone: Milestone) {
        milestones[milestone, default: 0] += 1
        let number = milestones[milestone]
        var due = upcoming.filter { $0.milestone == milestone && $0.number == number }.map(\.fault)
        if let awaited = plan.awaited, awaited.milestone == milestone, awaited.number == number {
            due += awaited.faults
        }
        if !due.isEmpty {
            let faults = due
            world.after(Span(nanoseconds: 0)) { [self] in
                for fault in faults { strike(fault) }
            }
        }
        guard milestone == .granted else { return }
        for (host, longer) in holding { world.after(longer) { [self] in network.release(from: host) } }
        holding = []
    }

    private func strike(_ fault: Fault) {
        // What only waits for its moment has struck nobody yet.
        if case .upon = fault {} else { strikes += 1 }
        switch fault {
        case .crash(let name, let restartAfter): crash(name, restartAfter: restartAfter)
        case .crashAll(let restartAfter):
            for process in Fault.processes { crash(process, restartAfter: restartAfter) }
        case .upon(let milestone, let number, let fault):
            upcoming.append((milestone, milestones[milestone, default: 0] + number, fault))
        case .brokenDisk(let restartAfter):
            recorder?.isDiskBroken = true
            world.after(restartAfter) { [self] in
                if recorder?.isDiskBroken == true { crash("recorder", restartAfter: Self.restartPause) }
            }
        case .stall(let name, let span): lives[name]?.stall(for: span)
        case .partition(let from, let to, let span): network.block(from: from, to: to, for: span)
        case .slowRecorder(let span):
            recorder?.batchTime = 100_000...900_000
            world.after(span) { [self] in recorder?.batchTime = RecorderProcess.usualBatchTime }
        case .modelTrouble(let span):
            models.trouble = 400_000
            world.after(span) { [self] in models.trouble = 0 }
        case .hold(let host, let longer):
            network.hold(from: host, to: "recorder")
            network.hold(from: host, to: "coordinator")
            holding.append((host, longer))
        case .usurp(let span): usurp(span)
        case .join: if lives["host-3"] == nil { start("host-3") }
        case .pause(let span):
            ask(.pauseRequested)
            world.after(span) { [self] in ask(.continueRequested) }
        case .stop: ask(.stopRequested)
        }
    }

    private func ask(_ wish: RoundMachine.Event) { (parts["coordinator"] as? CoordinatorProcess.Controls)?.ask(wish) }

    private func usurp(_ span: Span) {
        guard let life = lives["coordinator"], life.isAlive else { return }
        ledger.tell("another coordinator takes over")
        life.stall(for: span)
        deposed.append(life)
        parts["coordinator"] = nil
        start("coordinator")
    }

    private func crash(_ name: String, restartAfter: Span) {
        guard let life = lives[name], life.isAlive else { return }
        ledger.tell("\(name) dies")
        if name == "recorder" { leaveRecording() }
        if name == "llm-gateway" { ledger.gatewayDied() }
        parts[name] = nil
        life.end()
        world.after(restartAfter) { [self] in
            if lives[name] === life { start(name) }
        }
    }

    /// The next recorder finds what a crash leaves of the recording.
    private func leaveRecording() {
        recordings += 1
        let next = folder + "/\(recordings).sqlite"
        do {
            let marks: [CrashedRecording.Mark] = [.whole, .torn]
            let synced = recorder?.syncedMark.map { [CrashedRecording.Mark.older($0)] } ?? []
            try CrashedRecording.copy(from: recording, to: next, mark: recordingDice.one(of: marks + synced))
            recording = next
        } catch {
            ledger.violated("the recording cannot be copied: \(error)")
        }
        recorder = nil
    }

    private func calmDown() {
        // A deposed coordinator that only waits for hosts never learns of it, and keeps those that came to it.
        for life in deposed { life.end() }
        network.calmDown()
        models.trouble = 0
        recorder?.batchTime = RecorderProcess.usualBatchTime
    }
}
