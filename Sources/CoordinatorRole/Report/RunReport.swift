import Foundation
import Wire

/// What is told at the end of a run, to people and to programs.
struct RunReport: Sendable {
    /// The run's name.
    var run: String
    /// Its folder.
    var folder: String
    /// `finished`, `stopped` or `failed`.
    var state: String
    /// Last closed round.
    var closedRounds: UInt32
    /// Rounds that the run should have.
    var rounds: UInt32
    /// Seconds that this start took, with the start of all processes.
    var seconds: Double
    /// What the recorder counts.
    var summary: RunSummary
    /// How this program was called, so that a line of advice can be copied to a shell.
    var program = "coordinator"
    /// Whether there is a file to look at.
    var isRecorded = true
    /// Whether the servers counted the tokens of long prompts; else they were estimated.
    var countsTokens = false
    /// What the scenario makes of its events.
    var scenarioLines: [String]

    private struct Object: Encodable {
        var run: String
        var run_dir: String
        var state: String
        var closed_rounds: UInt32
        var rounds: UInt32
        var seconds: Double
        var events: [String: UInt64]
        var calls: [String: UInt64]
        var counters: [String: UInt64]
        var digests: [String]
        var token_budgets: String
    }

    /// One object on one line.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let object = Object(
            run: run, run_dir: folder, state: state, closed_rounds: closedRounds, rounds: rounds,
            seconds: (seconds * 1000).rounded() / 1000, events: Self.table(summary.events),
            calls: Self.table(summary.calls), counters: Self.table(summary.counters), digests: summary.digests,
            token_budgets: countsTokens ? "counted" : "estimated")
        return String(decoding: try encoder.encode(object), as: UTF8.self)
    }

    /// The summary for people.
    func text() -> String {
        let counters = Self.table(summary.counters)
        // No model works for a count of tokens.
        let answered = summary.calls.filter { $0.name != "count" }
        let calls = answered.reduce(0) { $0 + $1.count }
        var lines = ["\(run): \(state) after round \(closedRounds) of \(rounds), \(Amount.duration(seconds: seconds))"]
        lines += scenarioLines.map { "  \($0)" }
        lines.append(
            "  turns: \(Amount.count(counters["turns"] ?? 0)), \(Amount.count(counters["turns_failed"] ?? 0)) failed")
        let kinds = answered.map { "\($0.name) \(Amount.count($0.count))" }.joined(separator: ", ")
        lines.append(
            "  LLM calls: \(Amount.count(calls))" + (kinds.isEmpty ? "" : " (\(kinds))")
                + ", \(Amount.count(counters["calls_failed"] ?? 0)) failed, "
                + "\(Amount.count(counters["attempts_rejected"] ?? 0)) answers rejected, "
                + "\(Amount.count(counters["void_calls"] ?? 0)) void")
        lines.append(
            "  tokens: \(Amount.count(counters["prompt_tokens"] ?? 0)) in prompts, "
                + "\(Amount.count(counters["completion_tokens"] ?? 0)) in answers; "
                + "\(Amount.count(counters["embedding_calls"] ?? 0)) embedding calls")
        let counted = Amount.count(Self.table(summary.calls)["count"] ?? 0)
        lines.append(
            "  budgets of prompts: "
                + (countsTokens ? "counted by the servers, \(counted) prompts" : "estimated, three bytes a token"))
        guard isRecorded else { return lines.joined(separator: "\n") + "\n" }
        lines.append(
            "  recording: \(folder)/\(RunFolder.recordingName) (\(Amount.bytes(counters["database_bytes"] ?? 0)))")
        lines.append("  look at it: \(program) export \(folder) --format csv --out \(folder)/tables")
        lines.append(
            "              sqlite3 \(folder)/\(RunFolder.recordingName) "
                + "'SELECT kind, count(*) FROM calls GROUP BY kind'"
        )
        return lines.joined(separator: "\n") + "\n"
    }

    private static func table(_ counts: [NamedCount]) -> [String: UInt64] {
        Dictionary(counts.map { ($0.name, $0.count) }) { first, _ in first }
    }
}
