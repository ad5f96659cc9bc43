import Model
import RunConfiguration
import SimulationKit
import Support
import Testing

@Suite struct RunPackageTests {
    static func load(
        _ yaml: String = TestScenario.minimal, changing files: [String: String?] = [:]
    ) throws -> RunPackage {
        let all = TestScenario.files.mapValues(Optional.some).merging(files) { $1 }
        return try RunPackage.load(yaml: yaml, name: "c.yaml", registry: TestScenario.registry) { path in
            guard let text = all[path] ?? nil else {
                throw UserError("there is no such file", at: path, exitCode: .noInput)
            }
            return Array(text.utf8)
        }
    }

    @Test func aPackageHoldsEverythingByContent() throws {
        let package = try Self.load()
        #expect(package.population.count == 5)
        #expect(package.population.id(of: AgentID(number: 2)) == "ann~2")
        #expect(package.prompts.render("say", fields: .map(["name": .text("Ann")])) == "Say something, Ann.\n")
        #expect(Set(package.files.map(\.path)) == Set(TestScenario.files.keys))
        // What was read is enough to build the same again.
        let files = Dictionary(package.files.map { ($0.path, $0.bytes) }) { $1 }
        let again = try RunPackage.load(
            yaml: package.configuration.effectiveYAML(), name: "the run", registry: TestScenario.registry
        ) { path in
            guard let bytes = files[path] else { throw UserError("not in the run", at: path, exitCode: .noInput) }
            return bytes
        }
        #expect(again.configuration == package.configuration)
        #expect(again.files.map(\.path) == package.files.map(\.path))
    }

    @Test func withoutACountEveryRecordIsAnAgent() throws {
        let yaml = TestScenario.minimal.replacing(", count: 5", with: "")
        #expect(try Self.load(yaml).population.count == 2)
    }

    @Test(arguments: [
        ("prompts/say.mustache", nil, "prompts/say.mustache: there is no such file"),
        ("prompts/say.mustache", "\n{{nam}}", "prompts/say.mustache:2: there is no field nam here; did you mean name?"),
        ("people.json", nil, "people.json: there is no such file"),
        ("people.json", #"[{"name": 1}]"#, "people.json, record 1, field name: the value is no text"),
    ])
    func filesThatAreMissingOrBrokenAreNamed(path: String, text: String?, message: String) {
        let error = #expect(throws: UserError.self) { try Self.load(changing: [path: text]) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }
}
