import Glibc
import Support
import Testing

/// Chat rooms, played by all processes.
@Suite(.serialized) struct GroupDiscussionTests {
    private func arguments(_ coordinator: Coordinator, _ run: String) -> [String] {
        [
            "run", coordinator.configuration("group-discussion-rooms"), "--llm", "emulator", "--rounds", "2",
            "--run-dir", coordinator.path(run),
        ]
    }

    @Test func discussionsAreTheSameOnOneHostAndOnThree() async throws {
        let coordinator = try Coordinator()
        for hosts in ["1", "3"] {
            let ending = try await coordinator.call(arguments(coordinator, hosts) + ["--quiet", "--hosts", hosts])
            #expect(ending.status == .exited(0), "\(ending.errors)")
            #expect(ending.output.contains("discussions       16\n"), "\(ending.output)")
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
            playing: arguments(coordinator, "killed"))
        ChildProcess.kill(try await run.process("agent-host"), signal: SIGKILL)
        let ending = try await run.ending()
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(run.paidAgain == 0)
        #expect(try await coordinator.call(arguments(coordinator, "calm") + ["--quiet"]).status == .exited(0))
        #expect(try await coordinator.digests("killed") == coordinator.digests("calm"))
    }
}
