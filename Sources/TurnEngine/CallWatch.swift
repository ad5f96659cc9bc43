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
        codeEnds(in: tree)
        defer { codeBegins(in: tree) }
        do {
            return try await performer.complete(spec, request: request, call: call, agent: agent, tree: tree)
        } catch { throw tree.noted(error) }
    }

    func embed(
        _ texts: [String], request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> EmbeddingAnswer {
        codeEnds(in: tree)
        defer { codeBegins(in: tree) }
        do {
            return try await performer.embed(texts, request: request, call: call, agent: agent, tree: tree)
        } catch { throw tree.noted(error) }
    }

    func ask(_ ask: AskCall) async throws -> AskReply {
        codeEnds(in: ask.tree)
        defer { codeBegins(in: ask.tree) }
        do { return try await performer.ask(ask) } catch { throw ask.tree.noted(error) }
    }

    func codeBegins(in tree: TreeContext) { performer.codeBegins(in: tree) }
    func codeEnds(in tree: TreeContext) { performer.codeEnds(in: tree) }
}
