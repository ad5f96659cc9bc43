import Foundation
import Support
import Testing

/// `coordinator import-gensim`, and a run of what it wrote.
@Suite struct ImportTests {
    @Test func anImportedScenarioPlays() async throws {
        let coordinator = try Coordinator()
        let folder = URL(fileURLWithPath: coordinator.path("original"))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let files = [
            "simulation_config.yml": "project_name: game\nround_n: 1\nbase_port: 13000\n",
            "memory_config.json": "{\"class\": \"ShortMemory\", \"args\": {\"stm_K\": 3}}",
            "ChattingAgent_configs.json": """
            [{"class": "ChattingAgent", "args": {"name": "Alice", "profile": "You draw."}},
             {"class": "ChattingAgent", "args": {"name": "Bob", "profile": "You program."}}]
            """,
        ]
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        let prompts = coordinator.configuration("group-discussion").dropLast(".yaml".count) + "/prompts"
        let arguments = [
            "import-gensim", folder.path, "--out", coordinator.path("ours"), "--prompts", String(prompts),
        ]
        let ending = try await coordinator.call(arguments)
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(ending.output.contains("group-discussion with 3 agents"))
        #expect(ending.output.contains("base_port: not needed"))
        let run = try await coordinator.call([
            "run", coordinator.path("ours/run.yaml"), "--llm", "emulator", "--run-dir", coordinator.path("run"),
            "--quiet",
        ])
        #expect(run.status == .exited(0), "\(run.errors)")
        #expect(run.output.contains("discussions       1"), "\(run.output)")
        // What cannot be played leaves nothing.
        let broken = try await coordinator.call([
            "import-gensim", folder.path, "--out", coordinator.path("broken"), "--prompts", folder.path,
        ])
        #expect(broken.status == .exited(66), "\(broken.errors)")
        #expect(broken.errors.contains("\(folder.path)/member.instruction.mustache: there is no such file"))
        #expect(!FileManager.default.fileExists(atPath: coordinator.path("broken")))
        // What is there is never written over.
        #expect(try await coordinator.call(arguments).status == .exited(73))
    }
}
