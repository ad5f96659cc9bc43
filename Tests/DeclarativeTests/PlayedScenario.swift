import Declarative
import Hashing
import Model
import RunConfiguration
import SimulationKit
import Support
import TurnEngine

/// A scenario played in memory, round by round: every turn, the merge, the environment's turn.
final class PlayedScenario {
    /// What a model answers: the prompt's last message, and the options where there are any.
    typealias Answer = @Sendable (_ prompt: String, _ options: [String]?) -> String

    struct Event: Equatable {
        var name: String
        var agent: String
        var details: Value
    }

    let assets: SimulationAssets
    private(set) var table: AgentTable
    private(set) var prompts: [String] = []
    private(set) var events: [Event] = []
    private(set) var failures: [String] = []
    private var round: UInt32 = 0
    private let runner: TurnRunner
    private let performer: Performer

    private final class Performer: CallPerformer {
        let prompts = Guarded<[String]>([])
        let answer: Answer

        init(_ answer: @escaping Answer) { self.answer = answer }

        func complete(
            _ spec: CompletionSpec, request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
        ) async throws -> CompletionOutcome {
            prompts.withLock { $0.append(spec.messages.flatMap(\.segments).joined()) }
            var options: [String]?
            if case .choice(let all) = spec.constraint { options = all }
            let text = answer(spec.messages.last?.segments.joined() ?? "", options)
            return CompletionOutcome(
                answer: text, rejection: "", rejected: [], promptTokens: 1, completionTokens: 1, model: "m")
        }

        func embed(
            _ texts: [String], request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
        ) async throws -> EmbeddingAnswer { throw TurnInterrupted(reason: "nothing is embedded here") }

        func ask(_ ask: AskCall) async throws -> AskReply { throw TurnInterrupted(reason: "nobody is asked here") }
    }

    /// A play of a configuration whose files are `files`.
    init(_ yaml: String, files: [String: String], answer: @escaping Answer) throws {
        let package = try RunPackage.load(
            yaml: yaml, name: "c.yaml", registry: ScenarioRegistry([DeclarativeScenario.self])
        ) { path in
            guard let text = files[path] else {
                throw UserError("there is no such file", at: path, exitCode: .dataError)
            }
            return Array(text.utf8)
        }
        let definition = RunDefinition.test(package)
        assets = try package.assets(definition: definition) { _ -> [UInt8]? in nil }
        performer = Performer(answer)
        runner = TurnRunner(assets: assets, performer: performer)
        table = AgentTable(assets: assets)
    }

    private func context(_ agent: AgentID, _ kind: RootKind) -> TreeContext {
        TreeContext(
            round: round, time: 0, root: .root(round: round, kind: kind, agent: assets.population.id(of: agent)),
            rootPartition: 0, world: world)
    }

    /// The environment's fields as of the end of the last round.
    private(set) lazy var world = assets.world(table.state(of: .environment))

    /// Plays one round.
    func playRound() async throws {
        round += 1
        _ = world
        var trees: [Tree] = []
        for agent in assets.population.agents where assets.scenario.acts(type: assets.population.type(of: agent)) {
            let result = try await runner.runRoot(
                .act, agent: agent, state: table.state(of: agent), tree: context(agent, .act))
            trees.append(result.tree)
        }
        table.beginMerge(round)
        for tree in trees { merge(tree) }
        table.endMerge()
        if assets.scenario.hasEnvironmentTurn {
            let result = try await runner.runRoot(
                .environment, agent: .environment, state: table.state(of: .environment),
                tree: context(.environment, .environment))
            for entry in result.tree.orderedOperations { apply(entry.operation) }
            note(result.tree)
        }
        world = assets.world(table.state(of: .environment))
        prompts = performer.prompts.withLock { $0 }
    }

    private func merge(_ tree: Tree) {
        for entry in tree.orderedOperations { apply(entry.operation) }
        note(tree)
    }

    private func note(_ tree: Tree) {
        failures += tree.turns.compactMap { $0.failure?.text }
    }

    private func apply(_ targeted: TargetedOperation) {
        if case .event(let name, let details) = targeted.operation {
            events.append(Event(name: name, agent: assets.population.id(of: targeted.target), details: details))
        }
        table.merge(targeted.operation, target: targeted.target, round: round) { _ in nil }
    }

    /// A field of an agent.
    func field(_ name: String, of id: String) -> Value? {
        guard let agent = assets.population.agent(withID: id) else { return nil }
        return table.state(of: agent).fields[name] ?? assets.population.record(of: agent)[name]
    }
}

extension RunDefinition {
    /// The definition of a run that nobody records.
    static func test(_ package: RunPackage) -> RunDefinition {
        RunDefinition(
            run: "test", seed: package.configuration.seed, partitions: 4, programVersion: "1", configuration: "c.yaml",
            files: [], models: ["m"], model: "m", contextTokens: 0, embeddingModel: "e", embeddingDimension: 4)
    }
}

extension PlayedScenario {
    /// Texts of an agent's short-term memory, the oldest first.
    func memories(of id: String) -> [String] {
        guard let agent = assets.population.agent(withID: id) else { return [] }
        return table.state(of: agent).memory.short.map(\.text)
    }
}
