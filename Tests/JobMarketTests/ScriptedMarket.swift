import Hashing
import Model
import RunConfiguration
import ScenarioTestKit
import SimulationKit
import Support
import TurnEngine
import Vectors

/// A job market whose models answer from a rule, played without processes: turns one after another, merged in order.
final class ScriptedMarket: CallPerformer {
    /// What a model answers to a call.
    typealias Rule = @Sendable (CompletionSpec, _ agent: String) -> String

    /// A call with who made it.
    struct Seen: Sendable {
        var agent: String
        var spec: CompletionSpec
    }

    let assets: SimulationAssets
    private let rule: Rule
    private let table: Guarded<AgentTable>
    private let calls = Guarded<[Seen]>([])
    private let vectors = Guarded<[Digest128: FixedVector]>([:])

    init(_ package: RunPackage, rule: @escaping Rule = ScriptedMarket.lastOption) throws {
        assets = try ScriptedEmbedding.assets(of: package)
        table = Guarded(AgentTable(assets: assets))
        self.rule = rule
    }

    /// The benchmark's longest way: every choice takes the last option.
    static let lastOption: Rule = { spec, _ in
        switch (spec.kind, spec.constraint) {
        case (.importance, _): "\(1 + spec.requestHash.low % 10)"
        case (.questions, _): "What do I want?\nWho helps me?\nWhat comes next?"
        case (.insights, _):
            (1...5).map { "\($0). Insight \(spec.requestHash.high % 1_000)-\($0)" }.joined(separator: "\n")
        case (_, .choice(let options)): options.last ?? ""
        default: "I say what I have to say, number \(spec.requestHash.low % 1_000)."
        }
    }

    // MARK: Playing

    /// What a round came to.
    struct Round: PlayedRound {
        var trees: [Tree] = []
        var seen: [Seen] = []

        /// Calls of a kind.
        func calls(_ kinds: CallKind...) -> [Seen] { seen.filter { kinds.contains($0.spec.kind) } }
    }

    /// Plays a round: consolidations, turns, merge. `granted` decides on claims, in order.
    func play(_ round: UInt32, granted: (AgentID) -> Bool = { _ in true }) async throws -> Round {
        let runner = TurnRunner(assets: assets, performer: self)
        let roots = RoundPlan.roots(
            partition: 0, agents: assets.population.agents, round: round, assets: assets,
            table: table.withLock { $0 })
        var result = Round()
        for root in roots {
            let context = TreeContext(
                round: round, time: Int64(round - 1) * 24 * 3_600, root: root.turn, rootPartition: 0)
            let state = table.withLock { $0.state(of: root.agent) }
            let ended = try await runner.runRoot(root.kind, agent: root.agent, state: state, tree: context)
            result.trees.append(ended.tree)
            vectors.withLock { $0.merge(ended.vectors) { first, _ in first } }
            if root.kind == .consolidate {
                let vectors = vectors.withLock { $0 }
                table.withLock { $0.applyConsolidations(of: ended.tree) { vectors[contentHash($0)] } }
            }
        }
        merge(result, number: round, granted: granted)
        result.seen = calls.withLock { calls in
            defer { calls = [] }
            return calls
        }
        return result
    }

    private func merge(_ round: Round, number: UInt32, granted: (AgentID) -> Bool) {
        let vectors = vectors.withLock { $0 }
        table.withLock { table in
            table.beginMerge(number)
            for tree in round.trees {
                for (source, targeted) in tree.orderedOperations {
                    table.merge(targeted.operation, target: targeted.target, round: number) { vectors[contentHash($0)] }
                    if case .claim(let resource, _) = targeted.operation {
                        let result = Operation.claimResult(
                            owner: targeted.target, resource: resource, granted: granted(source))
                        table.merge(result, target: source, round: number) { _ in nil }
                    }
                }
            }
            table.endMerge()
        }
    }

    func state(of agent: AgentID) -> AgentState { table.withLock { $0.state(of: agent) } }

    // MARK: CallPerformer

    func complete(
        _ spec: CompletionSpec, request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> CompletionOutcome {
        let id = assets.population.id(of: agent)
        calls.withLock { $0.append(Seen(agent: id, spec: spec)) }
        return CompletionOutcome(
            answer: rule(spec, id), rejection: "", rejected: [], promptTokens: 1, completionTokens: 1, model: "m")
    }

    func embed(
        _ texts: [String], request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> EmbeddingAnswer {
        EmbeddingAnswer(model: "e", vectors: try texts.map(ScriptedEmbedding.vector))
    }

    func ask(_ ask: AskCall) async throws -> AskReply {
        try await TurnRunner(assets: assets, performer: self).runPassive(ask, state: state(of: ask.agent))
    }
}
