import Model
import SimulationKit
import Support
import Testing
import TurnEngine

@Suite struct RelationTurnTests {
    private func world(isDirected: Bool, act: @escaping ClosureScenario.Act) throws -> World {
        let edges = [RelationEdge(1, 0), RelationEdge(0, 2)]
        return try World(
            ClosureScenario(act: act),
            relations: ["friends": RelationGraph(agents: 3, edges: edges, isDirected: isDirected)])
    }

    @Test func aTurnSeesTheRelationsOfItsAgentWithItsOwnChanges() async throws {
        let seen = Guarded<[[AgentID]]>([])
        let world = try world(isDirected: true) { turn in
            let look = { try seen.withLock { $0.append(try turn.related("friends")) } }
            try look()
            try turn.relate(to: World.ben, in: "friends")
            try turn.unrelate(from: World.cleo, in: "friends")
            try look()
        }
        let result = try await world.run()
        #expect(result.tree.turns.first?.failure == nil)
        #expect(seen.withLock { $0 } == [[World.cleo], [World.ben]])
    }

    @Test(arguments: [true, false]) func aPostReachesThoseWhoAreRelatedToItsAuthor(isDirected: Bool) async throws {
        let world = try world(isDirected: isDirected) { turn in
            let count = try turn.post("news", .text("hello"), to: "friends")
            #expect(count == (isDirected ? 1 : 2))
        }
        let tree = try await world.run().tree
        let targets = tree.orderedOperations.map(\.operation).map(\.target)
        #expect(targets == (isDirected ? [World.ben] : [World.ben, World.cleo]))
    }

    @Test(arguments: [0, 1, 2]) func aRelationThatCannotBeFailsTheTurn(_ kind: Int) async throws {
        let world = try world(isDirected: false) { turn in
            switch kind {
            case 0: _ = try turn.related("enemies")
            case 1: try turn.relate(to: turn.agent, in: "friends")
            default: try turn.relate(to: AgentID(number: 99), in: "friends")
            }
        }
        #expect(try await world.run().tree.turns.first?.failure?.reason == .scenarioError)
    }
}
