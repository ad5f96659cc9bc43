import Hashing
import Model
import ServiceRuntime
import SimulationKit
import Support
import Wire

/// Makes the calls of an interview at gateways, and records nothing.
final class InterviewPerformer: CallPerformer {
    /// What was asked of the chat model, and who answered.
    struct Asked: Sendable {
        var messages: [PromptMessage] = []
        var model = ""
    }

    /// Answers of which one has to be accepted.
    private static let attempts: UInt32 = 3

    private let scope: String
    private let seed: RunSeed
    private let model: String
    private let countsTokens: Bool
    private let vectors: VectorFormat
    private let llm: WireClient
    private let embedding: WireClient?
    private let state = Guarded(Asked())

    /// Asks for `model`, whose servers may count tokens. Gateways know the calls by `scope`, which no run has.
    init(
        scope: String, seed: RunSeed, model: String, countsTokens: Bool, vectors: VectorFormat, llm: WireClient,
        embedding: WireClient?
    ) {
        self.scope = scope
        self.seed = seed
        self.model = model
        self.countsTokens = countsTokens
        self.vectors = vectors
        self.llm = llm
        self.embedding = embedding
    }

    /// What was asked.
    var asked: Asked { state.withLock { $0 } }

    func complete(
        _ spec: CompletionSpec, request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> CompletionOutcome {
        var spec = spec
        spec.model = model
        // Which servers an interview finds is no matter of the run's: where they count no tokens, it estimates.
        if spec.kind == .count, !countsTokens {
            let estimate = TokenEstimator.tokens(in: spec.messages)
            return CompletionOutcome(
                answer: "\(estimate)", rejection: "", rejected: [], promptTokens: 0, completionTokens: 0, model: "")
        }
        let complete = Complete(
            run: scope, call: call, seeds: (0..<Self.attempts).map { seed.call(call, attempt: $0) }, spec: spec)
        let outcome = try await llm.request(complete, expecting: Completed.self).outcome
        llm.post(ReleaseOutcomes(run: scope, calls: [call]))
        let messages = spec.messages
        guard spec.kind != .count else { return outcome }
        state.withLock { $0 = Asked(messages: messages, model: outcome.model) }
        return outcome
    }

    func embed(
        _ texts: [String], request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> EmbeddingAnswer {
        guard let embedding else {
            preconditionFailure("an agent that needs vectors is asked with an embedding server")
        }
        let answer = try await embedding.request(Embed(texts: texts, format: vectors), expecting: Embedded.self)
        return EmbeddingAnswer(model: answer.model, vectors: answer.vectors)
    }

    func ask(_ ask: AskCall) async throws -> AskReply {
        throw TurnFailed(.init(reason: .scenarioError, text: "an interview asks nobody else"))
    }
}
