import Foundation
import Hashing
import Support

/// Many simulated runs, two at a time, each held against the undisturbed one.
final class Campaign: Sendable {
    /// A run that went wrong, with everything that repeats it.
    struct Failure: Sendable, CustomStringConvertible {
        var name: String
        var seed: UInt64
        /// The environment's variable that says which process dies at which step, or which plot it is; empty for random
        /// faults.
        var options: String
        var reasons: [String]

        var description: String {
            "seed \(seed) (\(name)): \(reasons.prefix(3).joined(separator: "; ")); "
                + "again by GENSIM_SIMULATION_SEED=\(seed) \(options)swift test --filter ClusterSimulation"
        }
    }

    /// What a campaign came to.
    struct Report: Sendable {
        var runs = 0
        var failures: [Failure] = []
        var steps = 0
        var answers = 0
        /// Answers that were paid for and are not recorded.
        var lost = 0
        var paidAgain = 0
        var starts = 0
        /// Runs in which as many faults have struck as their plans are about.
        var struck = 0
        /// Writes under an older epoch that the recorder refused.
        var fenced = 0
        /// Snapshots that were read with heads newer than their last complete one.
        var headsAhead = 0
    }

    /// A run to be played.
    struct Task: Sendable {
        var name: String
        var seed: UInt64
        var plan: FaultPlan
        var plot = Plot.random
        /// Rounds of the run.
        var rounds = 2
        /// Whether no completed call may be paid for again.
        var paysOnce = false

        /// What the environment has to say, beside the seed, to repeat the run.
        var options: String {
            if let crash = plan.crashAtStep { return "GENSIM_SIMULATION_CRASH=\(crash.process):\(crash.step) " }
            return plot == .random ? "" : "GENSIM_SIMULATION_PLOT=\(plot.rawValue) "
        }

        /// A run in which one process dies at a step.
        static func crash(of process: String, atStep step: Int, seed: UInt64 = 0) -> Task {
            Task(
                name: "\(process) dies at step \(step)", seed: seed,
                plan: .crash(of: process, atStep: step, seed: UInt64(step)), paysOnce: true)
        }
    }

    private struct State {
        var tasks: [Task]
        var report = Report()
        var failure: (any Error)?
    }

    /// An undisturbed run, which all others of as many rounds are held against.
    private struct Measure {
        var blueprint: Blueprint
        var digests: [Digest256]
        var steps: Int
    }

    /// By number of rounds.
    private let measures: [Int: Measure]
    private let folder: String

    /// Steps that the undisturbed run of two rounds takes.
    var steps: Int { measures[2]?.steps ?? 0 }

    /// A campaign of runs of so many agents and partitions, over two rounds or four; its files live in memory.
    init(agents: Int = 4, partitions: Int = 2) throws {
        let isInMemory = FileManager.default.isWritableFile(atPath: "/dev/shm")
        let parent = isInMemory ? "/dev/shm" : FileManager.default.temporaryDirectory.path
        folder = "\(parent)/gensim-simulation-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var measures: [Int: Measure] = [:]
        for rounds in [2, 4] {
            let blueprint = try Blueprint(
                agents: agents, rounds: rounds, partitions: partitions, at: folder + "/blueprint-\(rounds).sqlite")
            let calm = try Simulation(seed: 0, plan: .none, blueprint: blueprint, folder: folder + "/calm-\(rounds)")
                .play()
            guard calm.violations.isEmpty else {
                throw UserError(
                    "the undisturbed run fails: \(calm.violations.prefix(3))", exitCode: .dataError)
            }
            measures[rounds] = Measure(blueprint: blueprint, digests: calm.digests, steps: calm.steps)
        }
        self.measures = measures
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Plays all of them, on two threads of their own, and reports.
    func run(_ tasks: [Task], threads: Int = 2) async throws -> Report {
        let state = Guarded(State(tasks: tasks.reversed()))
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<threads {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        do {
                            try OSThread(name: "simulation-\(number)") {
                                self.work(state)
                                continuation.resume()
                            }.detach()
                        } catch {
                            state.withLock { $0.failure = error }
                            continuation.resume()
                        }
                    }
                }
            }
        }
        return try state.withLock { state in
            if let failure = state.failure { throw failure }
            return state.report
        }
    }

    private func work(_ state: Guarded<State>) {
        while let task = state.withLock({ $0.failure == nil ? $0.tasks.popLast() : nil }) {
            do {
                let result = try play(task)
                let reasons = judge(result, task)
                state.withLock { state in
                    state.report.runs += 1
                    state.report.steps += result.steps
                    state.report.answers += result.answers
                    state.report.lost += result.answers - result.recorded
                    state.report.paidAgain += result.paidAgain
                    state.report.starts += result.starts
                    state.report.struck += result.strikes >= task.plan.leastStrikes ? 1 : 0
                    state.report.fenced += result.fenced
                    state.report.headsAhead += result.headsAhead
                    guard !reasons.isEmpty else { return }
                    state.report.failures.append(
                        Failure(name: task.name, seed: task.seed, options: task.options, reasons: reasons))
                }
            } catch {
                state.withLock { $0.failure = error }
            }
        }
    }

    /// Plays one run, in a folder that is gone afterwards.
    func play(_ task: Task, keepsHistory: Bool = false) throws -> Simulation.Result {
        let place = folder + "/\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: place) }
        return try Simulation(
            seed: task.seed, plan: task.plan, blueprint: measure(task).blueprint, folder: place,
            keepsHistory: keepsHistory
        )
        .play()
    }

    private func measure(_ task: Task) -> Measure {
        guard let measure = measures[task.rounds] else { preconditionFailure("no run has \(task.rounds) rounds") }
        return measure
    }

    /// What is wrong with a run.
    func judge(_ result: Simulation.Result, _ task: Task) -> [String] {
        var reasons = result.violations
        let digests = measure(task).digests
        if result.outcome != nil, result.digests != digests {
            let round = zip(result.digests, digests).enumerated().first { $0.element.0 != $0.element.1 }
            reasons.append("I5: the digests differ from round \((round?.offset ?? 0) + 1) on")
        }
        if task.paysOnce, result.paidAgain > 0 {
            reasons.append("\(result.paidAgain) completed calls were paid again")
        }
        return reasons
    }
}
