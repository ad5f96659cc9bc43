import Model
import ServiceRuntime
import Support
import Wire

/// Asks a gateway for stories.
struct StoryCalls: Sendable {
    /// Answers of which one has to be accepted.
    private static let attempts: UInt32 = 3

    let settings: StorySettings
    let template: StoryTemplate
    /// What the gateway knows the calls by; no run has it, and no result depends on it.
    let scope: String
    let llm: WireClient

    /// Asks for a record's story under the seeds that follow `earlier` attempts. Throws a `Problem` or what the
    /// transport throws where nobody answers.
    func ask(_ record: StoryRecord, earlier: UInt32) async throws -> StoryEntry {
        let prompt = template.prompt(for: record)
        let spec = CompletionSpec(
            kind: .text, model: settings.model ?? "", messages: [PromptMessage(role: .user, segments: [prompt])],
            constraint: .free, sampling: settings.sampling)
        let call = Self.call(of: record)
        let seeds = Self.seeds(of: record, seed: RunSeed(settings.seed), earlier: earlier)
        let outcome = try await llm.request(
            Complete(run: scope, call: call, seeds: seeds, spec: spec), expecting: Completed.self
        ).outcome
        llm.post(ReleaseOutcomes(run: scope, calls: [call]))
        let story = outcome.answer.map { Self.trimmed($0) } ?? ""
        // The accepted attempt is the one behind those that were rejected.
        let used = min(UInt32(outcome.rejected.count) + (outcome.answer == nil ? 0 : 1), Self.attempts)
        let failure = outcome.answer == nil ? outcome.rejection : "the answer is empty"
        return StoryEntry(
            record: record.number, id: record.id, model: outcome.model.isEmpty ? spec.model : outcome.model,
            seed: seeds[max(0, Int(used) - 1)], attempts: earlier + max(1, used), prompt: prompt,
            story: story.isEmpty ? nil : story, failure: story.isEmpty ? failure : nil,
            promptTokens: outcome.promptTokens, completionTokens: outcome.completionTokens)
    }

    /// The call of a record: of no run's round, which count from 1.
    static func call(of record: StoryRecord) -> CallID {
        CallID(turn: .root(round: 0, kind: .act, agent: record.key), number: 0)
    }

    /// Seeds of a record's next attempts: they follow from the seed and the record's id alone.
    static func seeds(of record: StoryRecord, seed: RunSeed, earlier: UInt32) -> [UInt64] {
        (0..<attempts).map { seed.call(call(of: record), attempt: earlier &+ $0) }
    }

    private static func trimmed(_ text: String) -> String {
        func isSpace(_ character: Character) -> Bool { character.isWhitespace }
        guard let last = text.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(text[...last].drop(while: isSpace))
    }
}
