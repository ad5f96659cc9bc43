import Model
import RunConfiguration
import SimulationKit
import Support
import Testing

/// What a configuration says of the environment.
@Suite struct EnvironmentSettingsTests {
    private static func settings(_ more: String) throws -> RunSettings {
        try RunSettings.load(
            yaml: TestScenario.minimal + "\n" + more, name: "c.yaml", registry: TestScenario.registry)
    }

    @Test func fieldsOfEveryKindAreReadAndWrittenBackAlike() throws {
        let settings = try Self.settings(
            """
            environment:
              fields:
                weather: "fog, \\"thick\\"\\nand cold"
                price: 12
                rate: 0.25
                huge: 1e300
                open: true
                closed: "false"
                nothing: null
                word: nan
                shops: [bakery, { name: inn, rooms: [1, 2] }]
            """)
        #expect(
            settings.environment == [
                "weather": .text("fog, \"thick\"\nand cold"), "price": .int(12), "rate": .double(0.25),
                "huge": .double(1e300), "open": .bool(true), "closed": .text("false"), "nothing": .null,
                "word": .text("nan"),
                "shops": .list([
                    .text("bakery"), .map(["name": .text("inn"), "rooms": .list([.int(1), .int(2)])]),
                ]),
            ])
        let text = settings.effectiveYAML()
        #expect(
            try RunSettings.load(yaml: text, name: "again", registry: TestScenario.registry) == settings, "\(text)")
    }

    @Test func withoutFieldsTheConfigurationSaysNothingOfThem() throws {
        #expect(!(try Self.settings("").effectiveYAML().contains("environment")))
        #expect(try Self.settings("environment:").environment.isEmpty)
    }

    @Test(arguments: [
        "environment: { field: {} }", "environment: { fields: 3 }", "environment: { fields: { gensim.relations: 3 } }",
        "environment: { fields: { a: [[[[[[[[[[1]]]]]]]]]] } }",
    ])
    func whatCannotBeAFieldIsRefusedWithItsPlace(_ yaml: String) {
        let error = #expect(throws: UserError.self) { try Self.settings(yaml) }
        #expect(error?.exitCode == .configuration && error?.place.hasPrefix("c.yaml") == true)
    }
}
