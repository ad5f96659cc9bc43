import Support

/// What a GPU has done since it started. Every request that arrived is finished, aborted, running or waiting.
public struct GPUCounters: Sendable, Equatable {
    /// Requests that came.
    public internal(set) var arrived = 0
    /// Requests that were served to their end.
    public internal(set) var finished = 0
    /// Requests that were given up, waiting or running.
    public internal(set) var aborted = 0
    /// Times that a running request lost its KV to others and went back to wait.
    public internal(set) var preemptions = 0
    /// Prompt tokens that were looked for in the prefix cache; a preempted request counts once.
    public internal(set) var prefixQueries = 0
    /// Those of them that were found.
    public internal(set) var prefixHits = 0
    /// Prompt tokens of finished requests.
    public internal(set) var promptTokens = 0
    /// Tokens of answers.
    public internal(set) var answerTokens = 0
    /// Tokens that steps computed, of prompts and answers, those of aborted and preempted requests as well.
    public internal(set) var computedTokens = 0
    /// Steps that were begun.
    public internal(set) var steps = 0
    /// Sequences of all steps together.
    public internal(set) var sequencesInSteps = 0
    /// Time that all steps took.
    public internal(set) var busy = Span(nanoseconds: 0)
    /// Time from a request's arrival to the first token of its answer.
    public internal(set) var firstToken = GPUHistogram()
    /// Time from a request's arrival to when it was first taken up.
    public internal(set) var queued = GPUHistogram()

    /// Share of the looked-for prompt tokens that were found, from 0 to 1; 0 before any was looked for.
    public var hitRate: Double { prefixQueries > 0 ? Double(prefixHits) / Double(prefixQueries) : 0 }
}
