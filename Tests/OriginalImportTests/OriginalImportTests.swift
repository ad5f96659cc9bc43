import Foundation
import OriginalImport
import RunConfiguration
import Scenarios
import SimulationKit
import Support
import Testing

/// Scenarios of the original as configurations of ours: from miniatures in its form, and from its own files where they
/// are there.
@Suite struct OriginalImportTests {
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        .standardizedFileURL

    private static let simulation = """
        # general settings
        project_name: job_seeking
        round_n: 2
        embedding_api: [http://localhost:8666, http://localhost:8667]
        host: localhost
        base_port: 13000
        load_simulator_path:
        pool_size: 7
        mood: sunny
        agent_configs_paths:
          SeekerAgent: SeekerAgent_configs.json
        """
    private static let memory = """
        {"class": "ShortLongReflectionMemory", "args": {"importance_weight": 0.25, "stm_K": 4, "ltm_K": 5,
         "reflection_threshold": 1.5, "decay": 3}}
        """
    private static let models = """
        [{"config_name": "LLM-1", "model_name": "llama", "api_key": "sk-very-secret",
          "client_args": {"base_url": "http://localhost:8000"},
           "generate_args": {"temperature": 0.5, "max_tokens": 99}},
         {"config_name": "LLM-2"}]
        """
    private static let seekers = """
        [{"class": "SeekerAgent", "args": {"name": "Ann", "cv": {"Education": "MA"}, "trait": {"Age": 30},
          "model_config_name": "LLM-1", "host": "localhost", "port": "13000"}}]
        """
    private static let interviewers = """
        [{"class": "InterviewerAgent", "args": {"name": "Clerk", "jd": "Writes", "jr": ["Hands"], "company": "Acme",
          "salary": "10", "benefits": ["Tea"], "location": "Here", "host": "localhost"}}]
        """
    private static let market = [
        "simulation_config.yml": simulation, "memory_config.json": memory, "model_configs.json": models,
        "SeekerAgent_configs.json": seekers, "InterviewerAgent_configs.json": interviewers,
    ]

    private static func files(_ texts: [String: String]) -> [(name: String, bytes: [UInt8])] {
        texts.sorted { $0.key < $1.key }.map { ($0.key, Array($0.value.utf8)) }
    }

    /// Loads an import as a run would, with the prompts that ship.
    private static func load(
        _ imported: OriginalImport, _ files: [(name: String, bytes: [UInt8])]
    ) throws -> RunPackage {
        try RunPackage.load(yaml: imported.configuration, name: "run.yaml", registry: .builtIn) { path in
            if let own = imported.written.first(where: { $0.name == path }) { return own.bytes }
            if imported.copied.contains(path), let file = files.first(where: { $0.name == path }) { return file.bytes }
            let prompts = "Configs/\(imported.scenario)/"
            return Array(try Data(contentsOf: repository.appending(path: prompts + path)))
        }
    }

    @Test func aJobMarketKeepsItsSettings() throws {
        let files = Self.files(Self.market)
        let imported = try OriginalImport(files: files)
        let package = try Self.load(imported, files)
        let settings = package.configuration
        #expect(settings.name == "job_seeking" && settings.rounds == 2 && settings.scenario.name == "job-market")
        #expect(settings.scenario.parameters["pool_size"] == .int(7))
        #expect(settings.memory.short == 4 && settings.memory.long == 5 && settings.memory.importanceWeight == 250_000)
        #expect(settings.memory.reflectionThreshold == 1_500_000 && settings.memory.kind == .shortLongReflection)
        #expect(settings.llm.temperature == 500 && settings.llm.maxReplyTokens == 99)
        #expect(package.population.countsByType == ["seeker": 1, "interviewer": 1])
    }

    @Test func whatHasNoCounterpartIsListedAndNoKeyIsCopied() throws {
        let imported = try OriginalImport(files: Self.files(Self.market))
        let notes = imported.notes.joined(separator: "\n")
        for expected in [
            "mood: has no counterpart", "host: not needed", "decay has no counterpart", "2 models",
            "--embedding http://localhost:8666 --embedding http://localhost:8667", "--llm http://localhost:8000",
            "--llm-key-file FILE",
        ] { #expect(notes.contains(expected), "\(expected) in \(notes)") }
        let all =
            ([imported.configuration, notes] + imported.written.map { String(decoding: $0.bytes, as: UTF8.self) })
        #expect(!all.contains { $0.contains("sk-very-secret") })
    }

    @Test func aChatGroupBecomesOneRoom() throws {
        let files = Self.files([
            "simulation_config.yml": "project_name: game\nround_n: 1\n",
            "ChattingAgent_configs.json": """
            [{"class": "ChattingAgent", "args": {"name": "Alice", "profile": "You draw & plan."}},
             {"class": "ChattingAgent", "args": {"name": "Bob", "profile": "You program."}}]
            """,
        ])
        let package = try Self.load(try OriginalImport(files: files), files)
        #expect(package.population.countsByType == ["member": 2, "room": 1])
        let alice = try #require(package.population.agents(ofType: "member").first)
        #expect(package.population.record(of: alice)["character"] == .text("You draw & plan."))
    }

    @Test func aFilmSiteKeepsItsItems() throws {
        let files = Self.files([
            "simulation_config.yml": "project_name: films\nround_n: 1\nitem_infos_path: item_infos.json\n",
            "item_infos.json": "[{\"title\": \"Toy Story (1995)\", \"genres\": \"Animation|Children\"}]",
            "RecUserAgent_configs.json": """
            [{"class": "RecUserAgent", "args": {"name": "Ann", "gender": "F", "age": 30, "traits": "calm",
              "interest": "westerns", "host": "localhost"}},
             {"class": "RecUserAgent", "args": {"name": "Bo", "gender": "M", "age": 31, "interest": "dramas"}}]
            """,
        ])
        let imported = try OriginalImport(files: files)
        let package = try Self.load(imported, files)
        #expect(package.population.countsByType == ["user": 2])
        #expect(imported.copied == ["item_infos.json", "RecUserAgent_configs.json"])
    }

    @Test(arguments: [
        (["SeekerAgent_configs.json": seekers], "there is no simulation file"),
        (["simulation_config.yml": simulation], "no file holds agents of a class that is known"),
        (
            ["a.simulation_config.yml": simulation, "b.simulation_config.yml": simulation],
            "there are two simulation files"
        ),
        (["simulation_config.yml": simulation, "X_configs.json": "{"], "the file is no JSON"),
        (["simulation_config.yml": simulation, "X_configs.json": "[{}]"], "agent 1 has no class or no args"),
        (
            [
                "simulation_config.yml": simulation, "SeekerAgent_configs.json": seekers,
                "C_configs.json": "[{\"class\": \"ChattingAgent\", \"args\": {}}]",
            ], "the agents belong to several scenarios"
        ),
        (
            [
                "simulation_config.yml": "round_n: many", "SeekerAgent_configs.json": seekers,
            ], "round_n must be a whole number"
        ),
    ])
    func aFolderThatCannotBeTranslatedIsRefused(texts: [String: String], what: String) {
        let error = #expect(throws: UserError.self) { try OriginalImport(files: Self.files(texts)) }
        #expect(error?.what.contains(what) == true, "\(error?.what ?? "")")
    }

    /// Where the original's files lie: named by the environment, or beside the checkout.
    private static let originals: URL? = {
        let named = ProcessInfo.processInfo.environment["GENSIM_ORIGINAL_DATA"].map { URL(filePath: $0) }
        let folder = named ?? repository.appending(path: "../shared/data/gensim")
        let marker = folder.appending(path: "job_seeking.simulation_config.yml").path
        return FileManager.default.fileExists(atPath: marker) ? folder : nil
    }()

    /// Its own files, which lie there in a flat form with the scenario in front of some names. Without them, the
    /// miniature above says the same.
    @Test(.enabled(if: originals != nil, "the original's files are not at hand"))
    func theOriginalsOwnJobMarketLoads() throws {
        let folder = try #require(Self.originals)
        let names = [
            "job_seeking.simulation_config.yml": "simulation_config.yml",
            "job_seeking.memory_config.json": "memory_config.json",
            "job_seeking.model_configs.json": "model_configs.json",
            "SeekerAgent_configs.json": "SeekerAgent_configs.json",
            "InterviewerAgent_configs.json": "InterviewerAgent_configs.json",
        ]
        let files = try names.sorted { $0.value < $1.value }.map { name, own in
            (name: own, bytes: Array(try Data(contentsOf: folder.appending(path: name))))
        }
        let imported = try OriginalImport(files: files)
        let package = try Self.load(imported, files)
        #expect(package.population.countsByType == ["seeker": 2421, "interviewer": 813])
        #expect(package.configuration.memory.kind == .shortLongReflection)
    }
}
