import Foundation
import Support
import Testing

/// What a person meets at the command line.
@Suite(.serialized) struct CommandLineTests {
    private func left(_ coordinator: Coordinator) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: coordinator.folder.path)
            .filter { !$0.hasSuffix(".out") && !$0.hasSuffix(".err") && !$0.hasSuffix(".yaml") }
    }

    @Test func aDryRunTellsTheCostAndLeavesNothingBehind() async throws {
        let coordinator = try Coordinator()
        let ending = try await coordinator.play("run", ["--dry-run"])
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(ending.output.contains("LLM calls: about"))
        #expect(try left(coordinator) == [])
    }

    @Test func withJSONThereIsOneObjectOnOneLine() async throws {
        let coordinator = try Coordinator()
        let ending = try await coordinator.play("run", ["--json", "--rounds", "1"])
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(ending.output.filter { $0 == "\n" }.count == 1)
        let object = try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any]
        #expect(object?["state"] as? String == "finished")
        #expect((object?["digests"] as? [String])?.count == 1)
    }

    @Test func aServerThatIsNotThereIsToldBeforeAnythingIsWritten() async throws {
        let coordinator = try Coordinator()
        let ending = try await coordinator.call([
            "run", coordinator.configuration("job-market"), "--llm", "http://127.0.0.1:9", "--embedding",
            "http://127.0.0.1:9", "--run-dir", coordinator.path("run"),
        ])
        #expect(ending.status == .exited(ProcessExitCode.unavailable.rawValue))
        #expect(ending.errors.contains("127.0.0.1:9"))
        #expect(try left(coordinator) == [])
    }

    @Test func aWrongKeyIsNamedWithTheNearestOne() async throws {
        let coordinator = try Coordinator()
        let text = try String(contentsOfFile: coordinator.configuration("job-market"), encoding: .utf8)
        let wrong = "\(coordinator.folder.path)/wrong.yaml"
        try text.replacing("\nrounds:", with: "\nruonds:").write(toFile: wrong, atomically: true, encoding: .utf8)
        let ending = try await coordinator.call([
            "run", wrong, "--llm", "emulator", "--run-dir", coordinator.path("run"),
        ])
        #expect(ending.status == .exited(ProcessExitCode.configuration.rawValue))
        #expect(ending.errors.contains("did you mean rounds?"))
        #expect(try left(coordinator) == [])
    }

    @Test func aFolderThatHoldsARunIsRefused() async throws {
        let coordinator = try Coordinator()
        #expect(try await coordinator.play("run", ["--quiet", "--rounds", "1"]).status == .exited(0))
        let ending = try await coordinator.play("run")
        #expect(ending.status == .exited(ProcessExitCode.cannotCreate.rawValue))
        #expect(ending.errors.contains("--resume"))
    }

    @Test func anotherModelIsRefusedOnResume() async throws {
        let coordinator = try Coordinator()
        #expect(try await coordinator.play("run", ["--quiet", "--rounds", "1"]).status == .exited(0))
        for change in ["--model other", "--dim 64"] {
            let ending = try await coordinator.call([
                "run", "--resume", coordinator.path("run"), "--rounds", "2", "--emulator-args", change,
            ])
            #expect(ending.status == .exited(ProcessExitCode.configuration.rawValue), "\(change): \(ending.errors)")
        }
    }

    @Test func tablesAreExported() async throws {
        let coordinator = try Coordinator()
        #expect(try await coordinator.play("run", ["--quiet", "--rounds", "1"]).status == .exited(0))
        let out = coordinator.path("tables")
        let ending = try await coordinator.call([
            "export", coordinator.path("run"), "--format", "jsonl", "--out", out, "--table", "agents",
        ])
        #expect(ending.status == .exited(0), "\(ending.errors)")
        let lines = try String(contentsOfFile: "\(out)/agents.jsonl", encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 12)
    }

    @Test func everyCommandRefusesAFolderWithoutARun() async throws {
        let coordinator = try Coordinator()
        let nowhere = coordinator.path("nowhere")
        for arguments in [
            ["status", nowhere], ["digest", nowhere], ["verify", nowhere],
            ["export", nowhere, "--format", "csv", "--out", nowhere], ["run", "--resume", nowhere],
        ] {
            let ending = try await coordinator.call(arguments)
            #expect(ending.status == .exited(ProcessExitCode.noInput.rawValue), "\(arguments[0])")
            #expect(ending.errors.filter { $0 == "\n" }.count == 1)
        }
    }
}
