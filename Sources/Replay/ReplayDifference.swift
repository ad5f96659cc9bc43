import Model

/// Where a replay first came to something else than the recording, and what stands there in both.
///
/// Texts hold prompts and answers: they are for whoever asked for the replay, never for a log.
public struct ReplayDifference: Sendable, Equatable {
    /// The round.
    public var round: UInt32
    /// Textual id of the agent whose turn it was; empty for what belongs to no turn.
    public var agent: String
    /// The turn: its kind, and for a passive turn the root that it stands under. Empty for what belongs to no turn.
    public var turn: String
    /// Number of the call or operation in its turn, nil where it is about a whole turn or round.
    public var number: UInt32?
    /// What differs, as one sentence without a full stop.
    public var what: String
    /// What is recorded there; empty for nothing. Long texts are cut to where they differ.
    public var recorded: String
    /// What was executed there; likewise.
    public var executed: String
    /// What followed, where `what` is the cause: no more than one.
    public var consequences: [ReplayDifference] = []

    /// Where it is: `round 2, seeker-3, act turn, call 7`.
    public var place: String {
        var parts = ["round \(round)"]
        if !agent.isEmpty { parts.append(agent) }
        if !turn.isEmpty { parts.append(turn) }
        if let number { parts.append("number \(number)") }
        return parts.joined(separator: ", ")
    }
}
