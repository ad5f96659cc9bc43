import Hashing
import Model
import SimulationKit
import Testing
import TurnEngine

/// Interventions in the environment's turn, and what agents notice of them.
@Suite struct InterventionTurnTests {
    /// A scenario whose environment does what a test says.
    private struct Evening: Scenario {
        static let name = "evening"
        static let parameters: [ParameterDefinition] = []
        var body: @Sendable (Turn) async throws -> Void = { _ in }

        init(parameters: ScenarioParameters) {}
        init(_ body: @escaping @Sendable (Turn) async throws -> Void) { self.body = body }

        private let base = ClosureScenario { _ in }
        var agentTypes: [AgentTypeDefinition] { base.agentTypes }
        var templates: [TemplateDefinition] { base.templates }
        var hasEnvironmentTurn: Bool { true }
        func act(_ turn: Turn) async throws {}
        func takeEnvironmentTurn(_ turn: Turn) async throws { try await body(turn) }
        func estimate(agentsByType: [String: Int]) -> RoundEstimate {
            RoundEstimate(calls: (0, 0, 0), promptTokens: 0, memories: 0)
        }
    }

    private func environmentTurn(
        _ scenario: any Scenario, configured: [Intervention] = [], recorded: [Intervention] = []
    ) async throws -> Tree {
        let world = try World(scenario, interventions: configured)
        let root = TurnID.root(round: 1, kind: .environment, agent: AgentID.environment.description)
        return try await world.runner.runRoot(
            .environment, agent: .environment, state: AgentState(),
            tree: TreeContext(round: 1, time: 0, root: root, rootPartition: 9), interventions: recorded
        ).tree
    }

    private func announcing(_ text: String, round: UInt32? = nil) -> Intervention {
        Intervention(round: round, effects: [.announce(text)])
    }

    private func values(_ tree: Tree) -> [Value] {
        tree.orderedOperations.compactMap { _, targeted in
            if case .set(_, let value) = targeted.operation { value } else { nil }
        }
    }

    @Test func theScenariosPartComesFirstThenTheConfigurationThenTheRecording() async throws {
        let tree = try await environmentTurn(
            Evening { try $0.set("intervention", to: .text("scenario")) },
            configured: [announcing("later", round: 3), announcing("configured", round: 2)],
            recorded: [announcing("first"), announcing("second")])
        #expect(values(tree) == ["scenario", "configured", "first", "second"].map { .text($0) })
        #expect(tree.root.failure == nil)
    }

    @Test func interventionsHappenInAScenarioWhoseEnvironmentDoesNothing() async throws {
        let tree = try await environmentTurn(ClosureScenario { _ in }, recorded: [announcing("hello")])
        #expect(values(tree) == [.text("hello")])
    }

    @Test func interventionsHappenThoughTheScenariosPartFails() async throws {
        struct Broken: Error {}
        let tree = try await environmentTurn(
            Evening { turn in
                try turn.set("lost", to: .int(1))
                throw Broken()
            }, recorded: [announcing("hello")])
        #expect(tree.root.failure?.reason == .scenarioError)
        #expect(values(tree) == [.text("hello")])
        #expect(tree.root.operations.first?.number == 1)
    }

    @Test func whatATurnMayNotWriteAnyMoreIsLeftOutAsAWholeAndTold() async throws {
        let long = Intervention(
            agents: .everyone,
            effects: (0..<200).map { .set(field: "f\($0)", value: .text(String(repeating: "x", count: 16_000))) })
        let tree = try await environmentTurn(
            ClosureScenario { _ in }, recorded: [announcing("one"), long, announcing("two")])
        #expect(tree.root.failure == nil)
        #expect(values(tree) == [.text("one"), .text("two")])
        let told = tree.orderedOperations.compactMap { _, targeted -> String? in
            if case .event(let name, _) = targeted.operation { name } else { nil }
        }
        #expect(told == ["intervention", "intervention_refused", "intervention"])
    }

    @Test func onlyEndRunNotesTheEventByWhichARunEnds() async throws {
        let forged = try await environmentTurn(Evening { try $0.event(Model.Operation.endOfRun) })
        #expect(forged.root.failure?.reason == .scenarioError && !forged.endsRun)
        #expect(forged.root.failure?.text.contains("endRun()") == true, "\(forged.root.failure as Any)")
        #expect(try await environmentTurn(Evening { try $0.endRun() }).endsRun)
    }

    @Test func anAnnouncementStandsInPromptsUntilAnEmptyOneEndsIt() async throws {
        let world = try World(
            ClosureScenario { turn in _ = try await turn.choose("question", ["text": .text("Well?")], options: ["yes"])
            })
        func prompt(_ announced: [String: Value], own: String? = nil) async throws -> String {
            var state = AgentState()
            let updater = StateUpdater(world.assets)
            if let own {
                let intervention = Intervention(agents: .named(["ada"]), effects: [.announce(own)])
                for (target, operation) in intervention.operations(
                    for: world.assets.population, types: world.assets.scenario.agentTypes, time: 0)
                {
                    #expect(target == World.ada)
                    updater.apply(operation, to: &state, of: target)
                }
            }
            _ = try await world.runner.runRoot(
                .act, agent: World.ada, state: state, tree: world.context(world: announced))
            let spec = world.performer.seen.withLock { $0.specs.last }
            return spec?.messages.flatMap(\.segments).joined() ?? ""
        }
        let field = Intervention.announcementField
        #expect(!(try await prompt([:]).contains("Everybody knows")))
        #expect(try await prompt([field: .text("the bank is closed")]).contains("Everybody knows: the bank is closed"))
        #expect(!(try await prompt([field: .text("")]).contains("Everybody knows")))
        let both = try await prompt([field: .text("the bank is closed")], own: "you are watched")
        #expect(both.contains("the bank is closed\nyou are watched"))
    }
}
