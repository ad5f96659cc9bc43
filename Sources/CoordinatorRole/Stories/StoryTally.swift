import Support

/// What one call of `coordinator stories` came to.
struct StoryTally {
    /// Records that were asked for.
    private(set) var asked = 0
    private(set) var promptTokens = 0
    private(set) var completionTokens = 0
    /// Stories that have all the tokens that they may have.
    private(set) var full = 0
    /// Records without a story, with the reason.
    private(set) var failures: [(name: String, reason: String)] = []
    /// What ended it before its time.
    var problem: (any Error)?

    /// Counts what was asked for a record after `earlier` attempts, each of which may have so many tokens.
    mutating func count(_ entry: StoryEntry, of record: StoryRecord, earlier: UInt32, allowed: UInt32) {
        asked += 1
        promptTokens += Int(entry.promptTokens)
        completionTokens += Int(entry.completionTokens)
        if let failure = entry.failure {
            failures.append((record.name, failure))
        } else if Int(entry.completionTokens) >= Int(allowed) * Int(entry.attempts - earlier) {
            full += 1
        }
    }

    /// Throws where stories are missing that were to be written; `kept` are there in all.
    func check(kept: Int, isStopped: Bool, at place: String) throws {
        let kept = "\(kept) stories are kept; call again to go on"
        if var problem = problem as? UserError {
            problem.advice = [problem.advice, kept].filter { !$0.isEmpty }.joined(separator: "; ")
            throw problem
        }
        if let problem { throw problem }
        if isStopped { throw UserError("stopped", at: place, advice: kept, exitCode: .interrupted) }
        guard !failures.isEmpty else { return }
        let named = failures.prefix(3).map { "\($0.name) (\($0.reason))" }.joined(separator: ", ")
        let more = failures.count > 3 ? " and \(failures.count - 3) more" : ""
        throw UserError(
            "no story for \(named)\(more)", at: place,
            advice: "\(kept), under further seeds for these; or change --max-tokens or the template, for another --out",
            exitCode: .temporaryFailure)
    }

    /// What to tell when all went well.
    func report(_ files: StoryFiles, of records: Int, at place: String) -> String {
        var text = """
            \(place): \(files.written) of \(records) records, \(asked) asked for now, \(promptTokens) + \
            \(completionTokens) tokens; what was asked: \(StoryFiles.logPath(of: place))

            """
        if full > 0 { text += "\(full) stories took all of --max-tokens and may end in the middle of a sentence\n" }
        return text
    }
}
