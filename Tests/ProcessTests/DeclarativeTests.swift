import Glibc
import Support
import Testing

/// Scenarios in YAML alone, played by all processes.
@Suite(.serialized) struct DeclarativeTests {
    private func arguments(_ coordinator: Coordinator, _ configuration: String, _ run: String) -> [String] {
        [
            "run", coordinator.configuration(configuration), "--llm", "emulator", "--rounds", "3", "--agents", "120",
            "--run-dir", coordinator.path(run),
        ]
    }

    @Test(arguments: ["public-goods", "opinion-dynamics", "survey"])
    func aPlayIsTheSameOnOneHostAndOnThree(configuration: String) async throws {
        let coordinator = try Coordinator()
        for hosts in ["1", "3"] {
            let ending = try await coordinator.call(
                arguments(coordinator, configuration, hosts) + ["--quiet", "--hosts", hosts])
            #expect(ending.status == .exited(0), "\(ending.errors)")
            #expect(ending.output.contains(" 0 failed"), "\(ending.output)")
        }
        #expect(try await coordinator.digests("1") == coordinator.digests("3"))
        for command in ["verify", "replay"] {
            let ending = try await coordinator.call([command, coordinator.path("3")])
            #expect(ending.status == .exited(0), "\(command): \(ending.output)\(ending.errors)")
        }
    }

    @Test func aKilledHostChangesNothing() async throws {
        let coordinator = try Coordinator()
        let run = try await DisturbedRun.start(
            coordinator, "killed", hosts: 2, options: ["--lease", "1"],
            playing: arguments(coordinator, "public-goods", "killed"))
        ChildProcess.kill(try await run.process("agent-host"), signal: SIGKILL)
        let ending = try await run.ending()
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(run.paidAgain == 0)
        let calm = try await coordinator.call(arguments(coordinator, "public-goods", "calm") + ["--quiet"])
        #expect(calm.status == .exited(0), "\(calm.errors)")
        #expect(try await coordinator.digests("killed") == coordinator.digests("calm"))
    }
}
