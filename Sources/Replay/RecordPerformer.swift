import Hashing
import Model
import Recording
import SimulationKit
import Support
import TurnEngine

/// A call that a re-executed turn makes and the recording does not hold.
struct Miss: Sendable {
    /// What was asked.
    enum Request: Sendable {
        case completion(CompletionSpec)
        case embedding([String])
    }

    var call: CallID
    var agent: AgentID
    var request: Request
    /// Numbers of the asks from the root to the calling turn.
    var path: [UInt32] = []

    /// Where it stands in its tree.
    var place: [UInt32] { path + [call.number] }
}

/// Performs calls from what is recorded of a round: no model, no waiting. Asks run at once on the agents of `table`.
///
/// A call that is not recorded under its very request ends its root turn and is noted, since a scenario may catch what
/// ends it.
final class RecordPerformer: CallPerformer {
    private let assets: SimulationAssets
    private let table: AgentTable
    private let outcomes: [TurnID: RecordedTurn]
    private let misses = Guarded<[TurnID: [Miss]]>([:])

    init(assets: SimulationAssets, table: AgentTable, outcomes: [TurnID: RecordedTurn]) {
        self.assets = assets
        self.table = table
        self.outcomes = outcomes
    }

    /// What was asked in vain under a root, in the order of the tree.
    func missed(under root: TurnID) -> [Miss] {
        (misses.withLock { $0[root] } ?? []).sorted { $0.place.lexicographicallyPrecedes($1.place) }
    }

    func complete(
        _ spec: CompletionSpec, request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> CompletionOutcome {
        guard let known = outcomes[call.turn]?[call.number], known.request == request,
            case .answer(let answer, let rejection) = known.content
        else { throw miss(.completion(spec), call, agent, tree) }
        return CompletionOutcome(
            answer: answer, rejection: rejection, rejected: [], promptTokens: 0, completionTokens: 0, model: "")
    }

    func embed(
        _ texts: [String], request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> EmbeddingAnswer {
        guard let known = outcomes[call.turn]?[call.number], known.request == request,
            case .vectors(let vectors, let model) = known.content
        else { throw miss(.embedding(texts), call, agent, tree) }
        return EmbeddingAnswer(model: model, vectors: vectors)
    }

    func ask(_ ask: AskCall) async throws -> AskReply {
        do {
            return try await TurnRunner(assets: assets, performer: self)
                .runPassive(ask, state: table.state(of: ask.agent))
        } catch let error as TurnInterrupted {
            locate(ask)
            throw error
        }
    }

    private func miss(_ request: Miss.Request, _ call: CallID, _ agent: AgentID, _ tree: TreeContext) -> TurnInterrupted
    {
        misses.withLock { $0[tree.root, default: []].append(Miss(call: call, agent: agent, request: request)) }
        return TurnInterrupted(reason: "call \(call) is not recorded")
    }

    /// A call's identity does not tell the way to its turn, the ask that led there does.
    private func locate(_ ask: AskCall) {
        let turn = ask.path.reduce(ask.tree.root) { $0.passive(number: $1) }
        misses.withLock { misses in
            let all = (misses[ask.tree.root] ?? []).map { miss in
                var miss = miss
                if miss.call.turn == turn { miss.path = ask.path }
                return miss
            }
            misses[ask.tree.root] = all
        }
    }
}
