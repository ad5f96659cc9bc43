import Foundation
import RunConfiguration
import SimulationKit
import Support
import TestKit
import Testing

@testable import Declarative

/// What is wrong with a scenario in YAML is said at the start, with the line of the file.
@Suite struct DefinitionTests {
    private static let yaml = """
        name: c
        scenario:
          agents:
            person:
              fields:
                name: { kind: text, public: true }
                coins: { kind: int, dynamic: true, initial: 3 }
              profile: |
                You are {{name}}.
              turn:
                - ask: gift
                  prompt: How much, {{name}}?
                  scale: [0, coins]
                - set: { coins: coins - gift }
                - add: { pot: gift }
                - tell: { to: same.name, subject: note, text: "{{gift}}" }
                - remember: I gave {{gift}}. {{#inbox.note}}{{from}}{{/inbox.note}}
          environment:
            fields: { pot: 0 }
            keyed: { purse: 0 }
            update:
              - set: { pot: 0 }
        populations: { person: { file: people.json } }
        """
    private static let registry = ScenarioRegistry([DeclarativeScenario.self])

    private static func load(_ yaml: String) throws -> RunSettings {
        try RunSettings.load(yaml: yaml, name: "c.yaml", registry: registry)
    }

    @Test func aScenarioInTheConfigurationIsRecordedWithItAndLoadsAgain() throws {
        let settings = try Self.load(Self.yaml)
        let again = try Self.load(settings.effectiveYAML())
        #expect(settings == again && settings.effectiveYAML() == again.effectiveYAML())
        #expect(settings.scenario.name == "declarative" && settings.scenario.prompts.isEmpty)
    }

    @Test(arguments: ["\r\n", "\r"]) func theEndOfALineMayBeWrittenInOtherWays(end: String) throws {
        let yaml = Self.yaml.replacing("\n", with: end)
        #expect(try Self.load(yaml) == Self.load(Self.yaml))
        let error = #expect(throws: UserError.self) { try Self.load(yaml.replacing("pot: gift", with: "pit: gift")) }
        #expect(error?.place == "c.yaml:15:23")
    }

    @Test func whatFollowsTheScenarioIsNoPartOfIt() throws {
        let moved = Self.yaml.replacing("name: c\n", with: "") + "\nname: c\n"
        let settings = try Self.load(moved)
        guard case .text(let definition)? = settings.scenario.parameters["definition"] else {
            Issue.record("the definition is no text")
            return
        }
        #expect(
            definition.contains("keyed") && !definition.contains("people.json") && !definition.contains("name: c\n"))
    }

    @Test func aScenarioOnTheLineOfItsKeyIsRefused() {
        let error = #expect(throws: UserError.self) { try Self.load("name: c\nscenario: { agents: {} }\n") }
        #expect(error?.what == "scenario must stand on lines of its own")
    }

    @Test(arguments: [
        ("coins - gift", "coins - gitf", "c.yaml:14:25: gitf is not known here, in: coins - gitf; did you mean gift?"),
        ("coins - gift", "coins -", "c.yaml:14:25: coins - is no expression: it ends too early"),
        ("{ coins: coins", "{ name: coins", "c.yaml:14:24: name is no dynamic field of person; settable: coins"),
        ("{ pot: gift }", "{ pott: gift }", "c.yaml:15:24: the environment has no field pott"),
        ("{ pot: gift }", "{ purse: gift }", "c.yaml:15:25: purse has a value for each key; write purse[key]"),
        ("{ pot: gift }", "{ \"pot[name]\": gift }", "c.yaml:15:31: pot has no keys"),
        ("How much, {{name}}", "How much, {{nam}}", "c.yaml:12:19: there is no field nam here; did you mean name?"),
        (
            "You are {{name}}", "You are\n\n          {{nam}}",
            "c.yaml:11: there is no field nam here; did you mean name?"
        ),
        ("You are {{name}}", "You are {{coins}}", "c.yaml:9: there is no field coins here"),
        ("You are {{name}}", "You are {{name", "c.yaml:9: a tag is opened by {{ and never closed"),
        (
            "fields: { pot: 0 }", "fields: { pot: none }",
            "c.yaml:15:23: pot begins as \"none\", to which nothing is added"
        ),
        ("fields: { pot: 0 }", "fields: { pot: 0.5 }", "c.yaml:15:23: pot begins as 0.5, to which nothing is added"),
        ("- add: { pot", "- collect: { pot", "c.yaml:15:27: pot begins as 0, in which nothing is collected"),
        ("{ coins: coins - gift }", "{ coins: null }", "c.yaml:14:25: coins cannot be null"),
        ("- set: { pot: 0 }", "- set: { pot: null }", "c.yaml:22:21: pot cannot be null"),
        (
            "- add: { pot: gift }", "- each: { as: x, in: x }\n          do: [{ let: { y: 1 } }]",
            "c.yaml:15:30: x is not known here"
        ),
        (
            "- add: { pot: gift }",
            "- each: { as: x, in: inbox.note }\n          do: [{ let: { y: 1 } }]\n        - add: { pot: y }",
            "c.yaml:17:23: y is not known here"
        ),
        (
            "- add: { pot: gift }",
            "- each: { as: x, in: inbox.note }\n          do: [{ let: { y: 1 } }]\n        - let: { y: 1 }",
            "c.yaml:17:21: y is the name of something else already"
        ),
        ("ask: gift", "ask: name", "c.yaml:11:16: name is a field already"),
        ("ask: gift", "ask: round", "c.yaml:11:16: round has a meaning of its own"),
        ("ask: gift", "aks: gift", "c.yaml:11:11: a step does something; one of let, ask"),
        ("scale: [0, coins]", "scale: [0]", "c.yaml:13:18: a scale has two ends"),
        ("scale: [0, coins]", "choice: []", "a choice has options, each once"),
        ("scale: [0, coins]", "when: true", "a question has one kind of answer"),
        ("scale: [0, coins]", "skale: [0, 1]", "unknown key"),
        ("same.name", "same.coins", "person has no public fixed field coins"),
        ("{{#inbox.note}}{{from}}{{/inbox.note}}", "{{inbox.not}}", "c.yaml:17:21: there is no field inbox.not here"),
        ("subject: note", "subject: other", "there is no field inbox.note here"),
        ("- set: { pot: 0 }", "- ask: x", "the environment cannot ask"),
        ("- add: { pot: gift }", "- event: { name: end of the run }", "c.yaml:15:26: end of the run is the kit's own"),
        ("- set: { pot: 0 }", "- event: { name: end of the run }", "c.yaml:22:24: end of the run is the kit's own"),
        ("- set: { pot: 0 }", "- set: { pot: world.pit }", "the environment has no field pit"),
        ("kind: int", "kind: whole", "whole is no kind of field; one of bool, int"),
        ("initial: 3", "initial: three", "the initial value of coins is no whole number"),
        ("person:\n", "2person:\n", "2person is no name"),
        ("same.name", "related.friends", "the relation friends is missing, which the scenario uses"),
    ])
    func aMistakeIsSaidWithItsPlace(old: String, new: String, what: String) throws {
        #expect(Self.yaml.contains(old))
        let error = #expect(throws: UserError.self) {
            let yaml = Self.yaml.replacing(old, with: new, maxReplacements: 1)
            _ = try RunPackage.load(yaml: yaml, name: "c.yaml", registry: Self.registry) { _ in
                Array("[{\"id\": \"a\", \"name\": \"A\"}]".utf8)
            }
        }
        #expect(error.map { "\($0)".contains(what) } == true, "\(error.map { "\($0)" } ?? "nothing")")
    }

    @Test(arguments: [
        ("keyed: { purse: 0 }", nil), ("keyed: { purse: 5 }", "c.yaml:15:33: purse begins as 5 for each key"),
        ("keyed: { purse: [] }", "c.yaml:15:33: purse begins as [] for each key"),
    ])
    func whatIsAddedByKeyBeginsAtNothing(keyed: String, what: String?) throws {
        let yaml = Self.yaml.replacing("{ pot: gift }", with: "{ \"purse[name]\": gift }")
            .replacing("keyed: { purse: 0 }", with: keyed)
        guard let what else { return _ = try Self.load(yaml) }
        let error = #expect(throws: UserError.self) { try Self.load(yaml) }
        #expect(error.map { "\($0)".hasPrefix(what) } == true, "\(error.map { "\($0)" } ?? "nothing")")
    }

    @Test func theExampleOfTheReferenceLoads() throws {
        let page = try ShippedConfigurations.text("../docs/declarative.md")
        let start = try #require(page.range(of: "```yaml\n"))
        let end = try #require(page.range(of: "```", range: start.upperBound..<page.endIndex))
        let yaml = String(page[start.upperBound..<end.lowerBound])
        let package = try RunPackage.load(yaml: yaml, name: "coffee.yaml", registry: Self.registry) { _ in
            Array("name\nAnn\nBo\n".utf8)
        }
        #expect(package.population.count == 2)
    }

    // MARK: The configurations that ship

    @Test(arguments: [
        ("public-goods.yaml", "player", 16), ("opinion-dynamics.yaml", "resident", 1_000),
        ("survey.yaml", "respondent", 500),
    ])
    func theShippedConfigurationsLoad(name: String, type: String, agents: Int) throws {
        let yaml = try ShippedConfigurations.text(name)
        let package = try RunPackage.load(yaml: yaml, name: name, registry: Self.registry) { path in
            try ShippedConfigurations.bytes(path)
        }
        #expect(package.population.countsByType == [type: agents])
        #expect(package.scenario.acts(type: type))
        #expect(package.scenario.estimate(agentsByType: [type: agents]).calls.most >= agents)
    }
}
