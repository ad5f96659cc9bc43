import Model
import SimulationKit
import Support
import Testing
import TurnEngine

/// What turns read of the environment, and what they contribute to it.
@Suite struct EnvironmentTurnTests {
    @Test func aTurnReadsTheEnvironmentAsOfTheStartOfTheRoundAndNotWhatItContributes() async throws {
        let seen = Guarded<[Value?]>([])
        let world = try World(
            ClosureScenario { turn in
                let look = { seen.withLock { $0 += [turn.world("votes"), turn.world("said"), turn.world("nothing")] } }
                look()
                try turn.count(in: "votes")
                try turn.note(.text("me too"), to: "said")
                look()
            })
        let view: [String: Value] = ["votes": .int(4), "said": .list([.text("hello")])]
        let result = try await world.runner.runRoot(
            .act, agent: World.ada, state: AgentState(), tree: world.context(world: view))
        #expect(seen.withLock { $0 } == [view["votes"], view["said"], nil, view["votes"], view["said"], nil])
        let contributions = result.tree.orderedOperations.map(\.operation)
        #expect(contributions.allSatisfy { $0.target == .environment })
        #expect(
            contributions.map(\.operation) == [
                .add(field: "votes", amount: 1), .append(field: "said", value: .text("me too")),
            ])
    }

    @Test func aPassiveTurnReadsWhatItsRootReads() async throws {
        let heard = Guarded<[String]>([])
        let world = try World(
            ClosureScenario(
                act: { turn in
                    try turn.contribute(.set(field: "news", value: .text("new")))
                    _ = try await turn.ask(World.ben, .null)
                },
                answer: { _, _, turn in
                    heard.withLock { $0.append(turn.worldText("news")) }
                    return .null
                }))
        _ = try await world.runner.runRoot(
            .act, agent: World.ada, state: AgentState(), tree: world.context(world: ["news": .text("old")]))
        #expect(heard.withLock { $0 } == ["old"])
    }

    @Test func contributionsBuildOnTheInitialFieldsAndTheEnvironmentsTurnSeesThem() async throws {
        let initial: [String: Value] = ["votes": .int(10), "said": .list([.text("first")]), "place": .text("here")]
        let world = try World(ClosureScenario { _ in }, environment: initial)
        var table = AgentTable(assets: world.assets)
        #expect(world.assets.world(table.state(of: .environment)).fields == initial)
        table.beginMerge(1)
        for operation in [
            Model.Operation.add(field: "votes", amount: 2), .append(field: "said", value: .text("second")),
        ] {
            table.merge(operation, target: .environment, round: 1) { _ in nil }
        }
        table.endMerge()
        let merged = table.state(of: .environment)
        #expect(
            world.assets.world(merged).fields == [
                "votes": .int(12), "said": .list([.text("first"), .text("second")]), "place": .text("here"),
            ])
        let turn = Turn(
            agent: .environment, assets: world.assets, tree: world.context(world: initial), path: [],
            performer: world.performer, updater: StateUpdater(world.assets), log: TurnLog(state: merged, written: []))
        #expect(turn.field("votes") == .int(12))
        #expect(turn.field("place") == .text("here"))
        #expect(turn.world("votes") == .int(10))
        try turn.add(1, to: "votes")
        #expect(turn.field("votes") == .int(13))
    }
}
