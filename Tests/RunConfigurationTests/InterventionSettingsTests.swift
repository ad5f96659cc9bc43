import Model
import RunConfiguration
import SimulationKit
import Support
import Testing

/// What a configuration says of interventions.
@Suite struct InterventionSettingsTests {
    private static func package(_ more: String) throws -> RunPackage {
        try RunPackage.load(
            yaml: TestScenario.minimal + "\n" + more, name: "c.yaml", registry: TestScenario.registry
        ) { path in
            guard let text = TestScenario.files[path] else { throw UserError("missing", at: path, exitCode: .noInput) }
            return Array(text.utf8)
        }
    }

    @Test func interventionsAreReadInTheirOrderAndWrittenBackAlike() throws {
        let settings = try Self.package(
            """
            interventions:
              - round: 3
                agents: [ann, bob~2]
                remember: "a text: with a colon"
                message: { subject: news, body: [1, two] }
              - { round: 2, announce: hello }
            """
        ).configuration
        #expect(settings.interventions.map(\.round) == [3, 2])
        #expect(settings.interventions[0].agents == .named(["ann", "bob~2"]))
        let text = settings.effectiveYAML()
        #expect(
            try RunSettings.load(yaml: text, name: "again", registry: TestScenario.registry) == settings, "\(text)")
        #expect(!(try Self.package("").configuration.effectiveYAML().contains("interventions")))
    }

    @Test(arguments: [
        "interventions: 3", "interventions: [{ announce: when }]", "interventions: [{ round: 1, announce: early }]",
        "interventions: [{ round: 2 }]", "interventions: [{ round: 2, agents: [eve], remember: who }]",
        "interventions: [{ round: 2, agents: all, set: { name: Eve } }]",
    ])
    func whatTheRunCannotDoIsRefusedBeforeItStarts(_ yaml: String) {
        let error = #expect(throws: UserError.self) { try Self.package(yaml) }
        #expect(error?.exitCode == .configuration, "\(error as Any)")
    }

    @Test func whatIsNestedTooDeepIsRefusedAndWhatIsNotIsWrittenBackAlike() throws {
        func yaml(_ levels: Int) -> String {
            let value = String(repeating: "[", count: levels) + "1" + String(repeating: "]", count: levels)
            return "interventions: [{ round: 2, agents: environment, set: { price: \(value) } }]"
        }
        let settings = try Self.package(yaml(6)).configuration
        #expect(
            try RunSettings.load(
                yaml: settings.effectiveYAML(), name: "again", registry: TestScenario.registry) == settings)
        for levels in [7, 59] {
            let error = #expect(throws: UserError.self) { try Self.package(yaml(levels)) }
            #expect(error?.exitCode == .configuration, "\(error as Any)")
        }
    }

    @Test func aFileOfItsOwnNeedsNoRounds() throws {
        let all = try RunSettings.interventions(
            yaml: "interventions:\n  - { announce: hello }\n  - { round: 9, agents: environment, set: { p: 1 } }\n",
            file: "i.yaml")
        #expect(all.map(\.round) == [nil, 9])
        for yaml in ["interventions: []", "{}", "interventions: [{}]", "announce: hello"] {
            let error = #expect(throws: UserError.self) { try RunSettings.interventions(yaml: yaml, file: "i.yaml") }
            #expect(error?.place.contains("i.yaml") == true, "\(error as Any)")
        }
    }
}
