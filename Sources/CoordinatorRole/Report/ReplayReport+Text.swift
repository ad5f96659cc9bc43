import Foundation
import Replay

/// A replay's report for people and for programs.
extension ReplayReport {
    private struct Object: Encodable {
        var run: String
        var equal: Bool
        var rounds: UInt32
        var root_turns: UInt64
        var llm_calls: UInt64
        var embedding_calls: UInt64
        var original_seconds: Double
        var replay_seconds: Double
        var factor: Double
        var calls_per_second: Double
        var cpu_seconds: Double
        var cpu_us_per_llm_call: Double
        var digests: [String]
        var difference: Difference?
    }

    private struct Difference: Encodable {
        var round: UInt32
        var agent: String
        var turn: String
        var number: UInt32?
        var what: String
        var recorded: String
        var executed: String
        var consequences: [Difference]

        init(_ difference: ReplayDifference) {
            round = difference.round
            agent = difference.agent
            turn = difference.turn
            number = difference.number
            what = difference.what
            recorded = difference.recorded
            executed = difference.executed
            consequences = difference.consequences.map { Difference($0) }
        }
    }

    /// One object on one line.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
        let object = Object(
            run: run, equal: difference == nil, rounds: rounds, root_turns: roots, llm_calls: calls,
            embedding_calls: embeddings, original_seconds: rounded(originalSeconds), replay_seconds: rounded(seconds),
            factor: rounded(factor), calls_per_second: rounded(callsPerSecond),
            cpu_seconds: rounded(processorSeconds), cpu_us_per_llm_call: rounded(microsecondsPerCall),
            digests: digests.map { "\($0)" }, difference: difference.map { Difference($0) })
        return String(decoding: try encoder.encode(object), as: UTF8.self) + "\n"
    }

    /// For people.
    func text() -> String {
        if let difference {
            return "\(run): the replay differs from the recording after \(rounds) equal rounds\n"
                + "  first difference: " + Self.text(difference)
                + difference.consequences.map { "  what follows: " + Self.text($0) }.joined()
        }
        return "\(run): \(rounds) rounds executed again, all digests are equal\n"
            + "  \(Amount.count(roots)) root turns, \(Amount.count(calls)) LLM calls, "
            + "\(Amount.count(embeddings)) embedding calls\n"
            + "  the run took \(Self.seconds(originalSeconds)), the replay \(Self.seconds(seconds)): "
            + "\(Amount.oneDecimal(factor)) times as fast\n"
            + "  \(Amount.count(UInt64(max(0, min(callsPerSecond, 1e12))))) LLM calls a second, "
            + "\(Amount.oneDecimal(microsecondsPerCall)) us of CPU for each\n"
    }

    private static func text(_ difference: ReplayDifference) -> String {
        func block(_ name: String, _ text: String) -> String {
            let lines = (text.isEmpty ? "nothing" : text).split(separator: "\n", omittingEmptySubsequences: false)
            return "    \(name):\n" + lines.map { "      \($0)\n" }.joined()
        }
        return "\(difference.place): \(difference.what)\n" + block("recorded", difference.recorded)
            + block("executed", difference.executed)
    }

    private static func seconds(_ seconds: Double) -> String {
        seconds < 60 ? "\(Amount.oneDecimal(seconds)) s" : Amount.duration(seconds: seconds)
    }
}
