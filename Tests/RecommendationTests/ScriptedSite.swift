import Hashing
import Model
import RunConfiguration
import ScenarioTestKit
import SimulationKit
import Support
import TestKit
import TurnEngine

@testable import Recommendation

/// A film site whose models answer from a rule, played without processes: turns one after another, merged in order.
final class ScriptedSite: CallPerformer {
    /// What a model answers to a call of an agent in a round.
    typealias Rule = @Sendable (CompletionSpec, _ agent: String, _ round: UInt32) -> String

    /// A call with who made it.
    struct Seen: Sendable {
        var agent: AgentID
        var spec: CompletionSpec

        /// The whole prompt.
        var prompt: String { spec.messages.flatMap(\.segments).joined() }
    }

    let assets: SimulationAssets
    let site: RecommendationScenario
    private let rule: Rule
    private let table: Guarded<AgentTable>
    private let calls = Guarded<[Seen]>([])
    private let embedded = Guarded<[String]>([])

    /// A package of what ships, with `change` made to the configuration and `files` before those that ship.
    static func package(
        _ name: String = "recommendation.yaml", files: [String: String] = [:], _ change: (String) -> String = { $0 }
    ) throws -> RunPackage {
        let yaml = try ShippedConfigurations.text(name)
        let registry = ScenarioRegistry([RecommendationScenario.self])
        return try RunPackage.load(yaml: change(yaml), name: name, registry: registry) { path in
            if let text = files[path] { return Array(text.utf8) }
            return try ShippedConfigurations.bytes(path)
        }
    }

    init(_ package: RunPackage, rule: @escaping Rule) throws {
        guard let site = package.scenario as? RecommendationScenario else {
            throw UserError("this is another scenario", exitCode: .software)
        }
        self.site = site
        assets = try ScriptedEmbedding.assets(of: package)
        table = Guarded(AgentTable(assets: assets))
        self.rule = rule
    }

    // MARK: Playing

    /// What a round came to.
    struct Round: PlayedRound {
        var trees: [Tree] = []
        var seen: [Seen] = []
        var embedded: [String] = []
    }

    /// Plays a round: turns, merge, and the environment's turn where there is one. Consolidations are left out.
    func play(_ round: UInt32) async throws -> Round {
        let runner = TurnRunner(assets: assets, performer: self)
        let roots = RoundPlan.roots(
            partition: 0, agents: assets.population.agents, round: round, assets: assets,
            table: table.withLock { $0 })
        let world = world
        var result = Round()
        for root in roots where root.kind == .act {
            let state = table.withLock { $0.state(of: root.agent) }
            let ended = try await runner.runRoot(
                .act, agent: root.agent, state: state, tree: context(round, root.turn, world))
            result.trees.append(ended.tree)
        }
        table.withLock { $0.beginMerge(round) }
        merge(result.trees, round)
        if site.hasEnvironmentTurn {
            let turn = TurnID.root(round: round, kind: .environment, agent: AgentID.environment.description)
            let ended = try await runner.runRoot(
                .environment, agent: .environment, state: state(of: .environment), tree: context(round, turn, world))
            merge([ended.tree], round)
            result.trees.append(ended.tree)
        }
        table.withLock { $0.endMerge() }
        result.seen = calls.withLock { calls in
            defer { calls = [] }
            return calls
        }
        result.embedded = embedded.withLock { embedded in
            defer { embedded = [] }
            return embedded
        }
        return result
    }

    private func context(_ round: UInt32, _ root: TurnID, _ world: World) -> TreeContext {
        TreeContext(
            round: round, time: Int64(round - 1) * 24 * 3_600, root: root, rootPartition: 0, world: world)
    }

    private func merge(_ trees: [Tree], _ round: UInt32) {
        table.withLock { table in
            for tree in trees {
                for (_, targeted) in tree.orderedOperations {
                    table.merge(targeted.operation, target: targeted.target, round: round) { _ in nil }
                }
            }
        }
    }

    func state(of agent: AgentID) -> AgentState { table.withLock { $0.state(of: agent) } }

    /// What turns of the next round read of the environment.
    var world: World { assets.world(state(of: .environment)) }

    /// What an agent has rated.
    func ratings(of agent: AgentID) -> [FilmRating] {
        (state(of: agent).fields["ratings"]?.list ?? []).compactMap {
            $0.int.flatMap { FilmRating(packed: $0, films: site.catalogue.films.count) }
        }
    }

    // MARK: CallPerformer

    func complete(
        _ spec: CompletionSpec, request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> CompletionOutcome {
        calls.withLock { $0.append(Seen(agent: agent, spec: spec)) }
        let answer = rule(spec, assets.population.id(of: agent), tree.round)
        return CompletionOutcome(
            answer: answer, rejection: "", rejected: [], promptTokens: 1, completionTokens: 1, model: "m")
    }

    func embed(
        _ texts: [String], request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> EmbeddingAnswer {
        embedded.withLock { $0 += texts }
        return EmbeddingAnswer(model: "e", vectors: try texts.map(ScriptedEmbedding.vector))
    }

    func ask(_ ask: AskCall) async throws -> AskReply {
        try await TurnRunner(assets: assets, performer: self).runPassive(ask, state: state(of: ask.agent))
    }
}

/// Rules of what models answer.
enum Answers {
    /// Everybody does the same thing each round, and takes the option at `pick` of every other choice, or the last.
    static func all(_ action: String, pick: Int = 1) -> ScriptedSite.Rule {
        { spec, agent, round in
            guard case .choice(let options) = spec.constraint else { return "Words of \(agent) in round \(round)." }
            if options.contains(action) { return action }
            return options[min(pick, options.count - 1)]
        }
    }

    /// Whatever a hash says.
    static let drawn: ScriptedSite.Rule = { spec, agent, round in
        guard case .choice(let options) = spec.constraint else { return "Words of \(agent) in round \(round)." }
        return options[Int(spec.requestHash.low % UInt64(options.count))]
    }
}
