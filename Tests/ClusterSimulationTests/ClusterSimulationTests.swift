import Foundation
import Support
import Testing

/// Whole clusters in one process, on one thread, in virtual time: what every seed must end with.
///
/// - `GENSIM_SIMULATION_SEED=N` plays seed N alone, twice, and prints its faults and what happened. With
///   `GENSIM_SIMULATION_CRASH=PROCESS:STEP` its one fault is that the process dies at that step, with
///   `GENSIM_SIMULATION_PLOT=NAME` it is a run of that plot.
/// - `GENSIM_SIMULATION_SEEDS=N` plays N seeds of random faults and of each plot in place of the default numbers.
/// - `GENSIM_SIMULATION_STRIDE=N` crashes processes at every N-th step, 1 for all.
@Suite(.serialized) struct ClusterSimulationTests {
    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment["GENSIM_SIMULATION_\(name)"].flatMap { UInt64($0) }
    }

    private static let isReplay = number("SEED") != nil

    @Test func anUndisturbedRunIsTheSameInAnyOrderOfThings() async throws {
        let campaign = try Campaign()
        let report = try await campaign.run(
            (1...20).map { Campaign.Task(name: "undisturbed", seed: $0, plan: .none, paysOnce: true) })
        #expect(report.failures.isEmpty, "\(report.failures.map(\.description).joined(separator: "\n"))")
        // Without faults nothing is paid for that is not recorded.
        #expect(report.lost == 0)
        #expect(report.answers > 0)
    }

    @Test func theSameSeedIsTheSameRunToTheStep() throws {
        let campaign = try Campaign()
        for seed in UInt64(1)...6 {
            let task = Plot.random.task(seed: seed)
            let (first, second) = (try campaign.play(task), try campaign.play(task))
            #expect(first.trace == second.trace, "seed \(seed)")
            #expect(first.steps == second.steps, "seed \(seed)")
        }
    }

    @Test(.disabled(if: isReplay)) func everySeedOfRandomFaultsEndsLikeTheUndisturbedRun() async throws {
        let campaign = try Campaign()
        let seeds = Self.number("SEEDS") ?? 1200
        let report = try await campaign.run(
            (1...seeds).map { Plot.random.task(seed: $0) })
        print("random faults: \(Self.text(report))")
        #expect(report.failures.isEmpty, "\(report.failures.map(\.description).joined(separator: "\n"))")
        #expect(report.runs == Int(seeds))
    }

    @Test(.disabled(if: isReplay)) func aProcessThatDiesAtAnyStepCostsNoCompletedCall() async throws {
        let campaign = try Campaign()
        let stride = Int(Self.number("STRIDE") ?? UInt64(campaign.steps / 40))
        var tasks: [Campaign.Task] = []
        for (place, process) in (Fault.processes + [FaultPlan.all]).enumerated() {
            for step in Swift.stride(from: 1 + place, to: campaign.steps, by: max(stride, 1)) {
                tasks.append(.crash(of: process, atStep: step))
            }
        }
        let report = try await campaign.run(tasks)
        print("crashes at steps: \(Self.text(report))")
        #expect(report.failures.isEmpty, "\(report.failures.map(\.description).joined(separator: "\n"))")
        #expect(report.runs == tasks.count)
    }

    @Test(.disabled(if: isReplay)) func whatAHostSentBeforeItLostItsPartitionsIsRefused() async throws {
        let report = try await play(.zombieHost)
        #expect(report.fenced > 0)
    }

    @Test(.disabled(if: isReplay)) func aCoordinatorThatWasReplacedWritesNothing() async throws {
        let report = try await play(.zombieCoordinator)
        #expect(report.fenced > 0)
    }

    @Test(.disabled(if: isReplay)) func anAnswerThatTheGatewayHasIsNotPaidAgainWhenItsHostDies() async throws {
        _ = try await play(.keptAnswers)
    }

    @Test(.disabled(if: isReplay)) func aRecordedAnswerIsNotPaidAgainWhenItsHostAndTheGatewayDie() async throws {
        _ = try await play(.recordedAnswers)
    }

    @Test(.disabled(if: isReplay)) func whoAskedAnAgentWhoseHostAndGatewayDieDoesNotPayForItAgain() async throws {
        _ = try await play(.askedAnswers)
    }

    @Test(.disabled(if: isReplay)) func whatADeadHostWasAnsweredIsNotPaidAgainWhenTheGatewayDies() async throws {
        _ = try await play(.orphanedAsks)
    }

    @Test(.disabled(if: isReplay)) func whatNewerHeadsHoldIsNotAppliedAgain() async throws {
        let report = try await play(.halfSnapshot)
        #expect(report.headsAhead > 0)
    }

    /// Plays seeds of a plot, most of which have to come to what it is about.
    private func play(_ plot: Plot) async throws -> Campaign.Report {
        let seeds = Self.number("SEEDS") ?? 100
        let report = try await Campaign().run((1...seeds).map { plot.task(seed: $0) })
        print("\(plot.rawValue): \(Self.text(report))")
        #expect(report.failures.isEmpty, "\(report.failures.map(\.description).joined(separator: "\n"))")
        #expect(report.runs == Int(seeds))
        #expect(report.struck * 2 > report.runs, "\(report.struck) of \(report.runs) runs were disturbed")
        return report
    }

    @Test(.enabled(if: isReplay)) func oneSeedAgain() throws {
        let seed = try #require(Self.number("SEED"))
        let campaign = try Campaign()
        let crash = ProcessInfo.processInfo.environment["GENSIM_SIMULATION_CRASH"]?.split(separator: ":")
        let task =
            if let crash, crash.count == 2, let step = Int(crash[1]) {
                Campaign.Task.crash(of: String(crash[0]), atStep: step, seed: seed)
            } else {
                (ProcessInfo.processInfo.environment["GENSIM_SIMULATION_PLOT"].flatMap { Plot(rawValue: $0) }
                    ?? .random)
                    .task(seed: seed)
            }
        for (after, fault) in task.plan.timed.sorted(by: { $0.after < $1.after }) {
            print("at \(after.seconds) s: \(fault)")
        }
        if let awaited = task.plan.awaited { print("at \(awaited.milestone) \(awaited.number): \(awaited.faults)") }
        print("weather: \(task.plan.weather)")
        let (first, second) = (try campaign.play(task, keepsHistory: true), try campaign.play(task))
        print(first.history.joined(separator: "\n"))
        print(
            "\(first.outcome.map { "\($0)" } ?? "no end") after \(first.seconds) s, "
                + "\(first.steps) steps, trace \(first.trace)"
        )
        #expect(first.trace == second.trace)
        #expect(campaign.judge(first, task).isEmpty, "\(campaign.judge(first, task).joined(separator: "\n"))")
    }

    private static func text(_ report: Campaign.Report) -> String {
        "\(report.runs) runs, \(report.steps) steps, \(report.starts) starts of processes, "
            + "\(report.answers) answers paid, "
            + "\(report.lost) of them lost, \(report.paidAgain) completed calls asked again, "
            + "\(report.struck) runs disturbed, \(report.fenced) writes fenced off, \(report.headsAhead) heads ahead, "
            + "\(report.failures.count) failures"
    }
}
