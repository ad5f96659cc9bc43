import ClusterLogic
import Hashing
import Model
import Recording
import SimulationKit
import Support
import TurnEngine

/// Executes a recorded run again from its recorded outcomes, without any model, and compares every tree and every
/// digest with the recorded one.
public struct RunReplay: Sendable {
    private let reader: RecordingReader
    private let registry: ScenarioRegistry
    private let version: String
    private let workers: Int
    private let clock: any MonotonicClock
    private let processorSeconds: @Sendable () -> Double

    /// A replay of what `reader` reads. `version` is this program's, which has to be the run's; `workers` root turns
    /// run at once; `processorSeconds` says what this process has used so far.
    public init(
        _ reader: RecordingReader, registry: ScenarioRegistry, version: String, workers: Int,
        clock: any MonotonicClock = SystemClock(),
        processorSeconds: @escaping @Sendable () -> Double = {
            let usage = ResourceUsage.current()
            return usage.userSeconds + usage.systemSeconds
        }
    ) {
        self.reader = reader
        self.registry = registry
        self.version = version
        self.workers = workers
        self.clock = clock
        self.processorSeconds = processorSeconds
    }

    /// Replays all closed rounds, or those up to `last`, until the first difference. Throws a `UserError` for what
    /// cannot be replayed.
    public func run(until last: UInt32? = nil) async throws -> ReplayReport {
        let (start, startProcessor) = (clock.now(), processorSeconds())
        let run = try RecordedRun.load(reader, registry: registry, version: version)
        let rounds = try rounds(until: last, run: run.definition.run)
        var report = ReplayReport(run: run.definition.run)
        var state = RoundReplay.State(
            table: AgentTable(assets: run.assets), capacities: Self.capacities(run.assets.population))
        var position = RecordedPosition()
        let idle = try reader.idleTimes()
        for round in rounds {
            let contents = try reader.contents(ofRound: round.number, &position)
            let replay = RoundReplay(run: run, reader: reader, round: round, contents: contents, workers: workers)
            report.difference = try await replay.replay(&state)
            report.calls += contents.calls
            report.embeddings += contents.embeddings
            report.originalSeconds += Self.worked(round, idle)
            guard report.difference == nil else { break }
            report.rounds += 1
            report.roots += UInt64(contents.roots.count) + (contents.environment == nil ? 0 : 1)
            report.digests.append(state.digest)
        }
        report.seconds = clock.now().since(start).seconds
        report.processorSeconds = processorSeconds() - startProcessor
        return report
    }

    private func rounds(until last: UInt32?, run: String) throws -> [RecordedRound] {
        let closed = try reader.rounds().filter { $0.closedAt != nil }
        guard !closed.isEmpty else {
            throw UserError(
                "no round is closed yet", at: run, advice: "replay it when its first round is", exitCode: .noInput)
        }
        guard let last else { return closed }
        guard last >= 1, last <= closed.count else {
            throw UserError(
                "\(closed.count) rounds are closed, and \(last) was asked for", at: "--until",
                advice: "name a round from 1 to \(closed.count)", exitCode: .usage)
        }
        return closed.filter { $0.number <= last }
    }

    /// Seconds for which a round was open and worked on.
    private static func worked(_ round: RecordedRound, _ idle: [Range<Int64>]) -> Double {
        guard let closed = round.closedAt, closed > round.openedAt else { return 0 }
        let open = round.openedAt..<closed
        let rest = idle.reduce(Int64(0)) { $0 + Int64(open.clamped(to: $1).count) }
        return Double(max(0, Int64(open.count) - rest)) / 1000
    }

    /// Capacities before the first round: whole numbers of the profiles.
    private static func capacities(_ population: Population) -> MergeCapacities {
        MergeCapacities { key in population.record(of: key.owner)[key.name]?.int ?? 0 }
    }
}
