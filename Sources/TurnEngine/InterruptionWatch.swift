import Hashing
import Model
import SimulationKit

/// A way to the world that keeps in mind, for the tree, what interrupted a call on it.
struct InterruptionWatch: CallPerformer {
    let performer: any CallPerformer

    func complete(
        _ spec: CompletionSpec, request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> CompletionOutcome {
        do {
            return try await performer.complete(spec, request: request, call: call, agent: agent, tree: tree)
        } catch { throw tree.noted(error) }
    }

    func embed(
        _ texts: [String], request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> EmbeddingAnswer {
        do {
            return try await performer.embed(texts, request: request, call: call, agent: agent, tree: tree)
        } catch { throw tree.noted(error) }
    }

    func ask(_ ask: AskCall) async throws -> AskReply {
        do { return try await performer.ask(ask) } catch { throw ask.tree.noted(error) }
    }
}
