import RunConfiguration
import SimulationKit
import Support
import Testing

@Suite struct RunSettingsTests {
    static func load(_ yaml: String) throws -> RunSettings {
        try RunSettings.load(yaml: yaml, name: "c.yaml", registry: TestScenario.registry)
    }

    @Test func whatIsLeftOutTakesTheDefaults() throws {
        let settings = try Self.load(TestScenario.minimal)
        #expect(settings.name == "small")
        #expect(settings.seed == 0 && settings.rounds == 1 && settings.roundHours == 24 && settings.partitions == 64)
        #expect(settings.memory == MemorySettings())
        #expect(settings.populations == [.init(type: "talker", file: "people.json", format: .json, count: 5)])
        #expect(settings.llm.temperature == 700 && settings.llm.topP == 1_000 && settings.llm.model == nil)
        #expect(settings.limits.failureRate == 0.05)
        #expect(settings.scenario.parameters.isEmpty)
    }

    static let full = """
        name: 'it''s "all" \\ set' # comment
        seed: 18446744073709551615
        rounds: 3
        round_hours: 12
        partitions: 16
        scenario:
          name: test
          prompts: some folder/prompts
          parameters: { size: 9, loud: true, word: "yes: no" }
        populations:
          talker: { file: "../people.jsonl", format: jsonl }
        memory:
          kind: 'no "gold": fish'
          short: 4
          long: 0
          reflection_threshold: 2.5
          importance_weight: 0.000001
          max_entries_per_consolidation: 10
          max_reflections_per_consolidation: 0
          long_limit: 0
          forget: least_important
        llm:
          model: org/model-1
          temperature: 0
          top_p: 0.95
          max_reply_tokens: 48
          prompt_tokens: 1000
          reflection_tokens: 900
          count_tokens: false
          max_attempts: 1
          distributions: [say]
        embedding: { model: null, vectors: float32 }
        limits: { failure_rate: 0.125, root_window: 10, calls_per_tree: 100, depth: 2, snapshot_rounds: 5 }
        """

    @Test(arguments: [#"a\Nb"#, #"a\Lb\Pc"#, #"a\uFEFFb"#, #"\U0010FFFF\uFFFF"#, #"R\u0026D \u0026x"#, #"\u0080"#])
    func theEffectiveTextHoldsEveryCharacterOfAName(name: String) throws {
        let settings = try Self.load(TestScenario.minimal.replacing("name: small", with: "name: \"\(name)\""))
        #expect(settings.name != "small")
        #expect(try Self.load(settings.effectiveYAML()) == settings)
    }

    @Test func anchorsAreRefusedBeforeTheyMultiply() {
        // Each key stands for ten of the one before: composing it would take hours.
        var lines = ["- &a0 x"]
        for level in 1...12 {
            let aliases = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            lines.append("- &a\(level) { ? [\(aliases)] : x }")
        }
        let error = #expect(throws: UserError.self) { try Self.load(lines.joined(separator: "\n")) }
        #expect(error?.place == "c.yaml:1")
        for text in ["\n[&a x]", "\n{\"a\":&a x}", "\n\u{2028}&a x", "\n# R &D", "\n--- &a\nx: y"] {
            let error = #expect(throws: UserError.self) { try Self.load(text) }
            #expect(error?.what == "anchors (&name) are not read" && error?.place == "c.yaml:2", "\(text)")
        }
    }

    @Test func anAmpersandInAWordOrByItselfIsNoAnchor() throws {
        let settings = try Self.load(TestScenario.minimal.replacing("name: small", with: "name: AT&T & sons"))
        #expect(settings.name == "AT&T & sons")
    }

    @Test(arguments: [TestScenario.minimal, full])
    func theEffectiveTextLoadsBackToTheSame(yaml: String) throws {
        let settings = try Self.load(yaml)
        let text = settings.effectiveYAML()
        #expect(try Self.load(text) == settings)
        #expect(try Self.load(text).effectiveYAML() == text)
    }

    @Test func everyValueIsTaken() throws {
        let settings = try Self.load(Self.full)
        #expect(settings.name == #"it's "all" \ set"#)
        #expect(settings.seed == .max)
        #expect(settings.scenario.parameters == ["size": .int(9), "loud": .bool(true), "word": .text("yes: no")])
        #expect(settings.memory.reflectionThreshold == 2_500_000 && settings.memory.importanceWeight == 1)
        #expect(settings.memory.kind == MemoryKind(GoldfishMemory.self))
        #expect(settings.memory.longLimit == 0 && settings.memory.forget == .leastImportant)
        #expect(settings.llm.temperature == 0 && settings.llm.topP == 950)
        #expect(settings.limits.failuresPerMillion == 125_000)
        #expect(settings.models.distributions == ["say"])
        #expect(!settings.llm.countTokens)
        #expect(try Self.load(TestScenario.minimal).llm.countTokens)
    }

    @Test(arguments: [
        ("sede: 3", "c.yaml:5:1: unknown key sede; did you mean seed?"),
        ("llm: { temprature: 1 }", "c.yaml:5:8: unknown key llm.temprature; did you mean temperature?"),
        ("llm:\n  temperature: hot", "c.yaml:6:16: llm.temperature must be a number with at most 3 decimals"),
        ("llm: { temperature: 0.1234 }", "c.yaml:5:21: llm.temperature must be a number"),
        ("llm: { top_p: 1.5 }", "c.yaml:5:15: llm.top_p must be from 0.001 to 1"),
        ("llm: { distributions: say }", "c.yaml:5:23: llm.distributions must be a list; write it as [one, another]"),
        ("llm: { distributions: [sya] }", "c.yaml:5:24: llm.distributions holds an unknown name; did you mean say?"),
        ("llm: { distributions: [[say]] }", "c.yaml:5:24: llm.distributions holds an unknown name; known names: say"),
        ("llm: { distributions: [say, say] }", "c.yaml:5:29: llm.distributions holds say twice"),
        ("llm: 7", "c.yaml:5:6: a mapping is expected"),
        ("rounds: 0", "c.yaml:5:9: rounds must be from 1 to 1000000"),
        ("rounds: 1.5", "c.yaml:5:9: rounds must be a whole number"),
        ("rounds: '3'", "c.yaml:5:9: rounds must be a whole number"),
        ("seed: -1", "c.yaml:5:7: seed must be a whole number"),
        ("memory: { kind: long }", "c.yaml:5:17: memory.kind is unknown; one of none, short, short-long"),
        ("memory: { kind: short-long }", "c.yaml:5:17: memory.kind names 2 kinds of memory"),
        ("memory: { forget: all }", "c.yaml:5:19: memory.forget is unknown; one of oldest, least_important"),
        ("memory: { long_limit: -1 }", "c.yaml:5:23: memory.long_limit must be from 0 to 100000"),
        ("name: again", "c.yaml:1:1: the file is no valid YAML: the key name is given twice"),
        ("- x", "c.yaml:5:1: the file is no valid YAML"),
    ])
    func everyMistakeIsNamedWithItsPlace(line: String, message: String) {
        let error = #expect(throws: UserError.self) { try Self.load(TestScenario.minimal + "\n" + line) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
        #expect(error?.exitCode == .configuration)
    }

    @Test(arguments: [
        ("name: test", "name: tset", "c.yaml:2:19: there is no scenario named tset; did you mean test?"),
        ("prompts: prompts", "prompts: p, parameters: { size: 12 }", "c.yaml:2:57: scenario.parameters.size must be"),
        (
            "prompts: prompts", "prompts: p, parameters: { sice: 1 }",
            "c.yaml:2:51: unknown key scenario.parameters.sice"
        ),
        (", prompts: prompts", "", "c.yaml:2:11: the key scenario.prompts is missing"),
        ("talker:", "walker:", "c.yaml:4:3: unknown key populations.walker; did you mean talker?"),
        ("count: 5", "count: -5", "c.yaml:4:39: populations.talker.count must be from 0"),
        (
            "count: 5", "format: xml",
            "c.yaml:4:40: populations.talker.format is unknown; one of json, jsonl, csv, gensim, drawn"
        ),
        ("name: small", "name: ../other", "c.yaml:1:7: the run's name is not usable"),
        ("name: small", "name: .hidden", "c.yaml:1:7: the run's name is not usable"),
        ("name: small", "", "c.yaml:2:1: the key name is missing"),
    ])
    func mistakesInsideSectionsToo(old: String, new: String, message: String) {
        let yaml = TestScenario.minimal.replacing(old, with: new)
        let error = #expect(throws: UserError.self) { try Self.load(yaml) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
        #expect(error?.exitCode == .configuration)
    }

    @Test func emptyAndHugeFilesAreRefused() {
        #expect(throws: UserError.self) { try Self.load("") }
        #expect(throws: UserError.self) { try Self.load("[1, 2]") }
        #expect(throws: UserError.self) { try Self.load(String(repeating: "# x\n", count: 1 << 19)) }
    }

    @Test func agentsAreSetInTheConfiguredRatio() throws {
        var settings = try Self.load(TestScenario.minimal)
        try settings.setAgents("70", recordCounts: [:])
        #expect(settings.populations[0].count == 70)
        try settings.setAgents("talker=4", recordCounts: [:])
        #expect(settings.populations[0].count == 4)
        #expect(throws: UserError.self) { try settings.setAgents("walker=4", recordCounts: [:]) }
    }
}
