import Hashing
import Model
import RunConfiguration
import ServiceRuntime
import SimulationKit
import Support

/// A run of two people who do nothing, as a recorder holds it.
struct IdleRun {
    static let registry = ScenarioRegistry([IdleScenario.self])

    let definition: RunDefinition
    /// What a host fetches, by content.
    let files: [Digest256: [UInt8]]

    /// Content address of the definition.
    var hash: Digest256 { blobHash(definition.packed()) }

    init(partitions: Int = 1) throws {
        let texts = [
            "people.json": #"[{"id": "ann", "name": "Ann"}, {"id": "bob", "name": "Bob"}]"#,
            "prompts/memory.mustache": "{{#long}}{{text}};{{/long}}{{#short}}{{text}};{{/short}}",
            "prompts/importance.mustache": "Rate {{text}}",
            "prompts/questions.mustache": "{{#entries}}{{text}};{{/entries}}",
            "prompts/insights.mustache": "{{question}} {{#entries}}{{text}};{{/entries}}",
        ]
        let yaml = """
            name: idle
            partitions: \(partitions)
            scenario: { name: idle, prompts: prompts }
            populations:
              person: { file: people.json }
            """
        let package = try RunPackage.load(yaml: yaml, name: "idle.yaml", registry: Self.registry) { path in
            guard let text = texts[path] else { throw UserError("no such file", at: path, exitCode: .noInput) }
            return Array(text.utf8)
        }
        definition = RunDefinition(
            run: "idle", seed: package.configuration.seed, partitions: UInt32(partitions),
            programVersion: ProgramVersion.current,
            configuration: package.configuration.effectiveYAML(),
            files: package.files.map { RunDefinition.File(path: $0.path, hash: blobHash($0.bytes)) }, models: [],
            model: "m", contextTokens: 0, embeddingModel: "e", embeddingDimension: 4)
        var files = [blobHash(definition.packed()): definition.packed()]
        for file in package.files { files[blobHash(file.bytes)] = file.bytes }
        self.files = files
    }
}
