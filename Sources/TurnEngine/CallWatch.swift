import Hashing
import Model
import SimulationKit

/// A way to the world that keeps in mind, for the tree, what interrupted a call on it, and says that the tree's code
/// does not run while it waits for one.
struct CallWatch: CallPerformer {
    let performer: any CallPerformer

    func complete(
        _ spec: CompletionSpec, request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> CompletionOutcome {
        try await waiting(in: tree) {
            try await performer.complete(spec, request: request, call: call, agent: agent, tree: tree)
        }
    }

    func embed(
        _ texts: [String], request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> EmbeddingAnswer {
        try await waiting(in: tree) {
            try await performer.embed(texts, request: request, call: call, agent: agent, tree: tree)
        }
    }

    func ask(_ ask: AskCall) async throws -> AskReply {
        try await waiting(in: ask.tree) { try await performer.ask(ask) }
    }

    func codeBegins(in tree: TreeContext) async { await performer.codeBegins(in: tree) }
    func codeEnds(in tree: TreeContext) { performer.codeEnds(in: tree) }

    private func waiting<Answer>(in tree: TreeContext, for call: () async throws -> Answer) async throws -> Answer {
        codeEnds(in: tree)
        let answer: Result<Answer, any Error>
        do { answer = .success(try await call()) } catch { answer = .failure(tree.noted(error)) }
        await codeBegins(in: tree)
        // What waited to go on may be wanted by nobody any more.
        if Task.isCancelled { throw tree.noted(CancellationError()) }
        return try answer.get()
    }
}
