import SimulationKit

/// What a run is likely to cost, for `--dry-run` and for the check of disk space.
struct CostEstimate: Sendable, Equatable {
    /// LLM calls on the shortest, the likely and the longest path, memory's own included.
    var least: UInt64
    var likely: UInt64
    var most: UInt64
    /// Tokens of prompts and answers, on the likely path.
    var tokens: UInt64
    /// Bytes of the recording on the longest path.
    var recordingBytes: UInt64

    /// Bytes on disk for an LLM call with its texts, and for an agent with its profile: on the safe side.
    private static let bytesPerCall: UInt64 = 1000
    private static let bytesPerAgent: UInt64 = 4000
    private static let emptyRecording: UInt64 = 1 << 20

    /// The estimate for all rounds of a run.
    init(_ run: PreparedRun, rounds: UInt32) {
        let round = run.scenario.estimate(agentsByType: run.population.countsByType)
        let rounds = UInt64(rounds)
        // A memory is rated once it has fallen out of short-term memory, at the earliest in the round after.
        let ratings = run.ratesMemories ? UInt64(clamping: round.memories) * (rounds - 1) : 0
        func all(_ calls: Int) -> UInt64 {
            let (product, overflow) = UInt64(clamping: calls).multipliedReportingOverflow(by: rounds)
            return overflow ? .max / 4096 : product
        }
        least = all(round.calls.least)
        likely = all(round.calls.likely) + ratings / 4
        most = all(round.calls.most) + ratings
        let perCall = UInt64(clamping: round.promptTokens) + UInt64(clamping: run.maxReplyTokens) / 8
        tokens = likely &* perCall
        recordingBytes =
            Self.emptyRecording + most &* Self.bytesPerCall + UInt64(run.population.count) &* Self.bytesPerAgent
    }

    /// The lines of `--dry-run`.
    func text(_ run: PreparedRun, rounds: UInt32) -> String {
        let types = run.population.countsByType.sorted { $0.key < $1.key }.map {
            "\(Amount.count(UInt64($0.value))) \($0.key)"
        }
        return """
            \(run.name): everything is in order, and nothing was played
              agents: \(types.joined(separator: ", ")); rounds: \(rounds)
              LLM calls: about \(Amount.count(likely)), at least \(Amount.count(least)), at most \(Amount.count(most))
              tokens: about \(Amount.count(tokens))
              recording: at most \(Amount.bytes(recordingBytes))

            """
    }
}
