import Foundation
import Glibc
import Support
import Testing

/// Interventions into runs of all processes: from the configuration, and while the run is played.
@Suite(.serialized) struct InterveneTests {
    /// The opinion town, with its files, and interventions added.
    private func configuration(_ coordinator: Coordinator, _ interventions: String) throws -> String {
        let source = coordinator.configuration("opinion-dynamics")
        let text = try String(contentsOfFile: source, encoding: .utf8)
        let path = "\(URL(fileURLWithPath: source).deletingLastPathComponent().path)/"
        let copy = coordinator.path("intervened.yaml")
        // Files that it names lie beside it.
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            let link = coordinator.path(name)
            if !FileManager.default.fileExists(atPath: link) {
                try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path + name)
            }
        }
        try (text + "\n" + interventions).write(toFile: copy, atomically: true, encoding: .utf8)
        return copy
    }

    private func arguments(_ configuration: String, _ folder: String, rounds: Int = 3) -> [String] {
        [
            "run", configuration, "--llm", "emulator", "--rounds", "\(rounds)", "--agents", "40", "--run-dir", folder,
        ]
    }

    private func expectSound(_ coordinator: Coordinator, _ run: String) async throws {
        for command in ["verify", "replay"] {
            let ending = try await coordinator.call([command, coordinator.path(run)])
            #expect(ending.status == .exited(0), "\(command): \(ending.output)\(ending.errors)")
        }
    }

    @Test func whatTheConfigurationIntervenesInIsTheSameOnOneHostAndOnThree() async throws {
        let coordinator = try Coordinator()
        let path = try configuration(
            coordinator,
            """
            interventions:
              - { round: 2, announce: A comet was seen. }
              - { round: 3, announce: "", broadcast: The comet is gone. }
            """)
        for hosts in ["1", "3"] {
            let ending = try await coordinator.call(
                arguments(path, coordinator.path(hosts)) + ["--quiet", "--hosts", hosts])
            #expect(ending.status == .exited(0), "\(ending.errors)")
        }
        #expect(try await coordinator.digests("1") == coordinator.digests("3"))
        let calm = try await coordinator.call(
            arguments(coordinator.configuration("opinion-dynamics"), coordinator.path("calm")) + ["--quiet"])
        #expect(calm.status == .exited(0), "\(calm.errors)")
        #expect(try await coordinator.digests("1") != coordinator.digests("calm"))
        try await expectSound(coordinator, "3")
        let prompts = try Recorded(coordinator.path("3"))
        #expect(try prompts.rounds(ofPromptsWith: "A comet was seen.") == [2])
        #expect(try prompts.count("SELECT count(*) FROM memory_texts WHERE text = 'The comet is gone.'") == 40)
    }

    @Test func aRunThatIsPlayedTakesAnInterventionThatOutlivesIts() async throws {
        let coordinator = try Coordinator()
        let running = try await coordinator.start(
            arguments(coordinator.configuration("opinion-dynamics"), coordinator.path("run"), rounds: 4)
                + ["--emulator-args", "--latency 150ms --parallel 2"])
        try await eventually("the run makes calls") {
            let status = try await coordinator.call(["status", coordinator.path("run"), "--json"])
            return status.output.contains("\"phase\":\"running\"") && !status.output.contains("\"calls\":0,")
        }
        let children = Coordinator.children(of: running.child.pid)
        let refused = try await coordinator.call(
            ["intervene", coordinator.path("run"), "--agent", "nobody", "--remember", "x"])
        #expect(refused.status == .exited(65), "\(refused.errors)")
        #expect(refused.errors.contains("there is no agent and no type nobody"), "\(refused.errors)")
        let accepted = try await coordinator.call(
            ["intervene", coordinator.path("run"), "--announce", "A comet was seen.", "--round", "3", "--json"])
        #expect(accepted.status == .exited(0), "\(accepted.errors)")
        #expect(accepted.output == "{\"rounds\":[3]}\n")
        // It is in the recording, whatever happens now.
        running.child.signal(SIGKILL)
        for child in children { kill(child, SIGKILL) }
        _ = try await running.ending()
        try await eventually("all processes are gone") { !children.contains(where: Coordinator.isRunning) }
        let late = try await coordinator.call(["intervene", coordinator.path("run"), "--announce", "too late"])
        #expect(late.status == .exited(69) && late.errors.contains("nobody plays this run"), "\(late.errors)")
        let resumed = try await coordinator.call(
            ["run", "--resume", coordinator.path("run"), "--emulator-args", "--latency 0", "--quiet", "--hosts", "2"])
        #expect(resumed.status == .exited(0), "\(resumed.errors)")
        #expect(try Recorded(coordinator.path("run")).rounds(ofPromptsWith: "A comet was seen.") == [3, 4])
        try await expectSound(coordinator, "run")
        // The same from the configuration comes to the same.
        let path = try configuration(coordinator, "interventions: [{ round: 3, announce: A comet was seen. }]\n")
        let known = try await coordinator.call(arguments(path, coordinator.path("known"), rounds: 4) + ["--quiet"])
        #expect(known.status == .exited(0), "\(known.errors)")
        #expect(try await coordinator.digests("known") == coordinator.digests("run"))
    }
}
