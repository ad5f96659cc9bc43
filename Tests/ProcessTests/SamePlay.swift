import Glibc
import Support
import Testing

/// A play of a configuration of ours against the emulator, which is the same whoever plays it.
struct SamePlay {
    let coordinator: Coordinator
    /// Name of the configuration.
    let configuration: String
    /// Further arguments.
    let arguments: [String]

    init(_ configuration: String, _ arguments: [String]) throws {
        coordinator = try Coordinator()
        self.configuration = configuration
        self.arguments = arguments
    }

    private func playing(_ run: String) -> [String] {
        ["run", coordinator.configuration(configuration), "--llm", "emulator", "--run-dir", coordinator.path(run)]
            + arguments
    }

    private func play(_ run: String, _ more: [String] = []) async throws -> String {
        let ending = try await coordinator.call(playing(run) + ["--quiet"] + more)
        #expect(ending.status == .exited(0), "\(ending.errors)")
        return ending.output
    }

    /// Plays it on one host and on three: both have the same digests, the recording can be verified and replayed, and
    /// `check` sees what either says at its end.
    func onOneHostAndOnThree(_ check: (_ output: String) -> Void) async throws {
        for hosts in ["1", "3"] { check(try await play(hosts, ["--hosts", hosts])) }
        #expect(try await coordinator.digests("1") == coordinator.digests("3"))
        for command in ["verify", "replay"] {
            let ending = try await coordinator.call([command, coordinator.path("3")])
            #expect(ending.status == .exited(0), "\(command): \(ending.output)\(ending.errors)")
        }
    }

    /// Plays it with a host killed in its first round: the digests are those of a calm play, and nothing that an agent
    /// has got was paid twice.
    func withAKilledHost() async throws {
        let run = try await DisturbedRun.start(
            coordinator, "killed", hosts: 2, options: ["--lease", "1"], playing: playing("killed"))
        ChildProcess.kill(try await run.process("agent-host"), signal: SIGKILL)
        let ending = try await run.ending()
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(run.paidAgain == 0)
        _ = try await play("calm")
        #expect(try await coordinator.digests("killed") == coordinator.digests("calm"))
    }
}
