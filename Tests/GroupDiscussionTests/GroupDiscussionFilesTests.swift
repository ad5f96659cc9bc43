import GroupDiscussion
import Model
import RunConfiguration
import SimulationKit
import Support
import TestKit
import Testing

/// The configurations that ship.
@Suite struct GroupDiscussionFilesTests {
    private static func package(_ name: String, _ change: (String) -> String = { $0 }) throws -> RunPackage {
        let yaml = try ShippedConfigurations.text(name)
        let registry = ScenarioRegistry([GroupDiscussionScenario.self])
        return try RunPackage.load(yaml: change(yaml), name: name, registry: registry) { path in
            try ShippedConfigurations.bytes(path)
        }
    }

    @Test(arguments: [
        ("group-discussion.yaml", 3, 1), ("group-discussion-rooms.yaml", 50, 8), ("group-discussion-town.yaml", 40, 10),
    ])
    func theShippedConfigurationsLoad(name: String, members: Int, rooms: Int) throws {
        let package = try Self.package(name)
        #expect(package.population.countsByType == ["member": members, "room": rooms])
        #expect(package.scenario.acts(type: "room") && !package.scenario.acts(type: "member"))
    }

    @Test func everyResidentIsInAGroupAndEveryGroupHasSome() throws {
        let population = try Self.package("group-discussion-rooms.yaml").population
        let rooms = population.agents(ofType: "room").map { population.record(of: $0)["name"] }
        let used = Dictionary(grouping: population.agents(ofType: "member")) { population.record(of: $0)["room"] }
        #expect(Set(used.keys) == Set(rooms))
        #expect(used.values.allSatisfy { $0.count > 1 })
    }

    @Test func tablesStayAsSmallHoweverManyPeopleThereAre() throws {
        let population = try Self.package("group-discussion-town.yaml") {
            $0.replacing("count: 40", with: "count: 8000").replacing("count: 10", with: "count: 2000")
        }.population
        let rooms = population.agents(ofType: "room").map { population.record(of: $0)["name"] }
        let used = Dictionary(grouping: population.agents(ofType: "member")) { population.record(of: $0)["room"] }
        #expect(rooms.count == 2_000 && Set(used.keys) == Set(rooms))
        #expect(used.values.allSatisfy { $0.count == 4 })
    }

    @Test(arguments: [
        ("order: by-mention", "order: loudest", "order"), ("history: since-joining", "history: x", "history"),
    ])
    func aWordThatIsNoChoiceIsRefused(old: String, new: String, parameter: String) throws {
        let error = #expect(throws: UserError.self) {
            try Self.package("group-discussion.yaml") { $0.replacing(old, with: new) }
        }
        #expect(error?.what == "scenario.parameters.\(parameter) is unknown")
    }
}
