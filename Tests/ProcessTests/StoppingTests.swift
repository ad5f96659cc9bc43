import Foundation
import Glibc
import Support
import Testing

/// Ways out of a run by a signal.
@Suite(.serialized) struct StoppingTests {
    /// Rounds enough that a slow run lasts three minutes: it must not end by itself before it is disturbed, however
    /// slowly the machine looks at its status.
    private static let rounds = 6

    /// A run that takes long enough to be disturbed, of which something has been answered already.
    private func slowRun(_ coordinator: Coordinator, _ name: String) async throws -> Coordinator.Running {
        let running = try await coordinator.start(
            Coordinator.arguments(
                coordinator.configuration("job-market"), coordinator.path(name), rounds: Self.rounds)
                + ["--emulator-args", "--latency 500ms --parallel 2"])
        try await eventually("the run makes calls") {
            let status = try await coordinator.call(["status", coordinator.path(name), "--json"])
            return status.output.contains("\"phase\":\"running\"") && !status.output.contains("\"calls\":0,")
        }
        return running
    }

    private func resume(_ coordinator: Coordinator, _ name: String) async throws {
        let ending = try await coordinator.call(
            ["run", "--resume", coordinator.path(name), "--emulator-args", "--latency 0", "--quiet"])
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(try await coordinator.play("whole", ["--quiet"], rounds: Self.rounds).status == .exited(0))
        #expect(try await coordinator.digests(name) == coordinator.digests("whole"))
        #expect(try await coordinator.call(["verify", coordinator.path(name)]).status == .exited(0))
    }

    @Test func aStoppedRunSaysHowToGoOnAndEndsAsIfItHadNotBeenStopped() async throws {
        let coordinator = try Coordinator()
        let running = try await slowRun(coordinator, "run")
        let children = Coordinator.children(of: running.child.pid)
        #expect(children.count == 5)
        running.child.signal(SIGINT)
        let ending = try await running.ending()
        #expect(ending.status == .exited(130))
        #expect(ending.errors.contains("coordinator run --resume \(coordinator.path("run"))"))
        #expect(!children.contains(where: Coordinator.isRunning))
        try await resume(coordinator, "run")
    }

    @Test func aSecondSignalStopsAtOnceAndTheRunCanBeResumed() async throws {
        let coordinator = try Coordinator()
        let running = try await slowRun(coordinator, "run")
        let children = Coordinator.children(of: running.child.pid)
        running.child.signal(SIGTERM)
        running.child.signal(SIGHUP)
        #expect(try await running.ending().status == .exited(130))
        try await eventually("all processes are gone") { !children.contains(where: Coordinator.isRunning) }
        try await resume(coordinator, "run")
    }

    /// Says `pause`, `continue` or `stop` to a run.
    private func say(_ word: String, _ coordinator: Coordinator, _ name: String) async throws {
        let ending = try await coordinator.call([word, coordinator.path(name)])
        #expect(ending.status == .exited(0), "\(word): \(ending.output)\(ending.errors)")
    }

    private func isPaused(_ coordinator: Coordinator, _ name: String) async throws {
        try await eventually("the run is paused") {
            try await coordinator.call(["status", coordinator.path(name), "--json"]).output
                .contains("\"phase\":\"paused\"")
        }
    }

    @Test func aPausedRunThatIsKilledWhollyGoesOnAsIfNothingHadBeen() async throws {
        let coordinator = try Coordinator()
        let running = try await slowRun(coordinator, "run")
        let children = Coordinator.children(of: running.child.pid)
        try await say("pause", coordinator, "run")
        try await isPaused(coordinator, "run")
        running.child.signal(SIGKILL)
        for child in children { kill(child, SIGKILL) }
        _ = try await running.ending()
        try await eventually("all processes are gone") { !children.contains(where: Coordinator.isRunning) }
        try await resume(coordinator, "run")
    }

    @Test func aPausedRunGoesOnWhenItIsToldToAndAStoppedOneIsResumed() async throws {
        let coordinator = try Coordinator()
        let running = try await slowRun(coordinator, "run")
        try await say("pause", coordinator, "run")
        try await isPaused(coordinator, "run")
        let before = try await coordinator.call(["status", coordinator.path("run"), "--json"]).output
        try await say("continue", coordinator, "run")
        try await eventually("the run makes calls again") {
            let now = try await coordinator.call(["status", coordinator.path("run"), "--json"]).output
            return now.contains("\"phase\":\"running\"") && now != before
        }
        try await say("stop", coordinator, "run")
        #expect(try await running.ending().status == .exited(130))
        try await resume(coordinator, "run")
    }
}
