import Hashing
import Model
import SimulationKit
import Support
import Testing

@Suite struct RelationGraphTests {
    private func edges(_ model: RelationModel, _ count: Int, seed: UInt64 = 7) -> [RelationEdge] {
        var generator = SeededGenerator(seed: seed)
        return model.edges(count: count, generator: &generator)
    }

    private func degrees(_ edges: [RelationEdge], _ count: Int) -> [Int] {
        var degrees = [Int](repeating: 0, count: count)
        for edge in edges {
            degrees[Int(edge.source)] += 1
            degrees[Int(edge.target)] += 1
        }
        return degrees
    }

    static let models: [RelationModel] = [
        .erdosRenyi(meanMillionths: 4_000_000), .barabasiAlbert(edges: 3),
        .wattsStrogatz(neighbours: 6, rewiringMillionths: 200_000),
    ]

    @Test(arguments: models, [0, 1, 2, 3, 5, 40, 500])
    func noModelRelatesAnAgentToItselfTwiceOrToNobodyThatIsThere(_ model: RelationModel, count: Int) {
        let edges = edges(model, count)
        #expect(edges.allSatisfy { $0.source != $0.target && max($0.source, $0.target) < UInt32(max(1, count)) })
        let pairs = edges.map { RelationEdge(min($0.source, $0.target), max($0.source, $0.target)) }
        #expect(Set(pairs).count == pairs.count)
    }

    @Test(arguments: models) func aModelGivesTheSameGraphForTheSameSeedAlone(_ model: RelationModel) {
        #expect(edges(model, 200) == edges(model, 200))
        let other = self.edges(model, 200, seed: 8)
        #expect(edges(model, 200) != other)
    }

    @Test func aRandomGraphHasExactlyTheMeanAskedFor() {
        #expect(edges(.erdosRenyi(meanMillionths: 4_000_000), 1_000).count == 2_000)
        // Nearly all pairs: those left out are drawn.
        #expect(edges(.erdosRenyi(meanMillionths: 90_000_000), 100).count == 4_500)
        #expect(edges(.erdosRenyi(meanMillionths: 5_000_000_000), 10).count == 45)
    }

    @Test func aGrowingGraphHasHubs() {
        let degrees = degrees(edges(.barabasiAlbert(edges: 3), 2_000), 2_000)
        let sum = degrees.reduce(0, +)
        #expect(sum == 11_988)
        #expect(degrees.allSatisfy { $0 >= 3 })
        // The largest degree grows with the root of the number; a uniform draw would stay below 20.
        #expect((degrees.max() ?? 0) > 60)
    }

    @Test func aRingThatIsNotRewiredRelatesEachToItsNearest() {
        let edges = edges(.wattsStrogatz(neighbours: 4, rewiringMillionths: 0), 10)
        #expect(Set(edges).count == 20)
        let graph = RelationGraph(agents: 10, edges: edges, isDirected: false)
        #expect(graph.neighbours(of: AgentID(number: 0)).map(\.number) == [1, 2, 8, 9])
    }

    @Test func rewiringMovesTheShareAskedForAndKeepsTheNumber() {
        let plain = Set(edges(.wattsStrogatz(neighbours: 6, rewiringMillionths: 0), 2_000))
        let rewired = edges(.wattsStrogatz(neighbours: 6, rewiringMillionths: 250_000), 2_000)
        #expect(rewired.count == plain.count)
        let moved = rewired.filter { !plain.contains($0) }.count
        #expect((1_350...1_650).contains(moved))
    }

    @Test func aGraphWithADirectionTellsSourcesFromTargets() {
        let edges = [RelationEdge(0, 1), RelationEdge(2, 1), RelationEdge(0, 1), RelationEdge(1, 1)]
        let graph = RelationGraph(agents: 3, edges: edges, isDirected: true)
        #expect(graph.count == 2)
        #expect(graph.neighbours(of: AgentID(number: 0)).map(\.number) == [1])
        #expect(graph.neighbours(of: AgentID(number: 1)).isEmpty)
        #expect(graph.sources(of: AgentID(number: 1)).map(\.number) == [0, 2])
        #expect(graph.neighbours(of: .environment).isEmpty)
    }

    @Test func aFileOfPairsNamesAgentsByTheirIds() throws {
        let type = AgentTypeDefinition(name: "person", fields: [])
        let records = ["ann", "bob", "c,d"].map { ProfileRecord(id: $0, values: [:], type: type) }
        let population = try Population([.init(type: type, records: records, count: 4)])
        let reader = EdgeListReader(file: "friends.csv")
        let text = "\u{feff}source,target,since\r\nann,bob,2001\r\n\"c,d\",ann~2,\r\n"
        #expect(try reader.edges(in: Array(text.utf8), population: population) == [.init(0, 1), .init(2, 3)])
        for (wrong, place) in [
            ("a,b\nann,zoe\n", "friends.csv, record 1"), ("a,b\nann\n", "friends.csv, record 1"),
            ("a\nann\n", "friends.csv"), ("a,a\nann,bob\n", "friends.csv"),
            ("a,b\n\"ann,bob\n", "friends.csv, record 1"),
        ] {
            let error = #expect(throws: UserError.self, "\(wrong)") {
                try reader.edges(in: Array(wrong.utf8), population: population)
            }
            #expect(error?.place == place)
        }
    }
}
