import Hashing
import Model
import ServiceRuntime
import SimulationKit
import Support
import TrapLog
import Wire

/// Carries out the calls of turns: models over the gateways, asks through the router, recorded outcomes at once.
final class HostPerformer: CallPerformer {
    /// What gateways know the run's calls by.
    private let scope: String
    private let seed: RunSeed
    private let attempts: UInt32
    private let terms: CallTerms
    private let llm: WireClient
    private let embedding: WireClient?
    private let vectors: VectorFormat
    private let outcomes: OutcomeStream
    private let router: AskRouter
    private let counters: Guarded<HostCounters>
    private let retry: ServiceRetry
    private let lease: LeaseWatch
    private let traps: TrapCounts
    private let codeGate = CodeGate()
    private let trapLog: TrapLog?

    init(
        scope: String, seed: RunSeed, attempts: UInt32, terms: CallTerms, llm: WireClient, embedding: WireClient?,
        vectors: VectorFormat, outcomes: OutcomeStream, router: AskRouter, counters: Guarded<HostCounters>,
        retry: ServiceRetry,
        lease: LeaseWatch, traps: TrapCounts, trapLog: TrapLog?
    ) {
        self.scope = scope
        self.seed = seed
        self.attempts = attempts
        self.terms = terms
        self.llm = llm
        self.embedding = embedding
        self.vectors = vectors
        self.outcomes = outcomes
        self.router = router
        self.counters = counters
        self.retry = retry
        self.lease = lease
        self.traps = traps
        self.trapLog = trapLog
    }

    func complete(
        _ spec: CompletionSpec, request hash: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> CompletionOutcome {
        if let known = tree.recorded[call], known.request == hash,
            case .answer(let answer, let rejection) = known.content
        {
            // What it cost stands in the record; the turn sees no more than this.
            return CompletionOutcome(
                answer: answer, rejection: rejection, rejected: [], promptTokens: 0, completionTokens: 0, model: "")
        }
        let request = Complete(
            run: scope, call: call, seeds: (0..<attempts).map { seed.call(call, attempt: $0) }, spec: spec, terms: terms
        )
        counters.withLock { $0.waiting += 1 }
        defer { counters.withLock { $0.waiting -= 1 } }
        let outcome = try await retry.patiently {
            try await self.lease.wait()
            return try await self.llm.request(request, expecting: Completed.self).outcome
        }
        counters.withLock {
            $0.calls += 1
            $0.tokens += UInt64(outcome.promptTokens) + UInt64(outcome.completionTokens)
        }
        outcomes.append(record(call, agent, tree, request: hash, content: .completion(spec, outcome)))
        return outcome
    }

    func embed(
        _ texts: [String], request hash: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> EmbeddingAnswer {
        if let known = tree.recorded[call], known.request == hash,
            case .vectors(let vectors, let model) = known.content
        {
            return EmbeddingAnswer(model: model, vectors: vectors)
        }
        guard let embedding else {
            throw TurnFailed(.init(reason: .scenarioError, text: "the run has no embedding server"))
        }
        let answer = try await retry.patiently {
            try await self.lease.wait()
            return try await embedding.request(Embed(texts: texts, format: self.vectors), expecting: Embedded.self)
        }
        outcomes.append(
            record(
                call, agent, tree, request: hash,
                content: .embedding(model: answer.model, texts: texts, vectors: answer.vectors)))
        return EmbeddingAnswer(model: answer.model, vectors: answer.vectors)
    }

    func ask(_ ask: AskCall) async throws -> AskReply {
        // What passes the router waits for itself; what is left is a person's to mend.
        try await retry.patiently {
            try await self.lease.wait()
            return try await self.router.ask(ask)
        }
    }

    func codeBegins(in tree: TreeContext) async {
        await codeGate.enter(tree.root, isSuspect: traps.isSuspect(tree.root))
        trapLog?.begins(tree.root, round: tree.round)
    }

    func codeEnds(in tree: TreeContext) {
        trapLog?.ends(tree.root)
        codeGate.leave(tree.root)
    }

    private func record(
        _ call: CallID, _ agent: AgentID, _ tree: TreeContext, request: Digest128, content: OutcomeRecord.Content
    ) -> OutcomeRecord {
        OutcomeRecord(
            call: call, root: tree.root, partition: tree.rootPartition, round: tree.round, agent: agent,
            request: request, content: content)
    }
}
