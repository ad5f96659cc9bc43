import Foundation
import Glibc
import Support
import Testing

/// Processes that are killed in the middle of a round.
@Suite(.serialized) struct KillTests {
    /// The most answers that are lost with the llm-gateway: those that its servers were at, and those on their way to
    /// a host. The others are at the hosts.
    private static let inFlight = 4

    @Test(arguments: ["agent-host", "embedding-gateway", "recorder", "llm-gateway"])
    func aKilledProcessIsReplacedAndNothingThatWasAnsweredIsPaidAgain(role: String) async throws {
        let run = try await DisturbedRun.start(try Coordinator(), hosts: 2, options: ["--lease", "1"])
        let victim = try await run.process(role)
        ChildProcess.kill(victim, signal: SIGKILL)
        let ending = try await run.ending()
        #expect(ending.status == .exited(0), "\(role): \(ending.errors)")
        #expect(run.paidAgain <= (role == "llm-gateway" ? Self.inFlight : 0))
        try await run.isAsIfUndisturbed()
    }

    @Test func theOnlyHostIsReplacedByItsOwnRestart() async throws {
        let run = try await DisturbedRun.start(try Coordinator(), options: ["--lease", "1"])
        ChildProcess.kill(try await run.process("agent-host"), signal: SIGKILL)
        let ending = try await run.ending()
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(run.paidAgain == 0)
        try await run.isAsIfUndisturbed()
    }

    @Test func aKilledCoordinatorLeavesNoOrphanAndTheRunCanBeResumed() async throws {
        let run = try await DisturbedRun.start(try Coordinator())
        let children = Coordinator.children(of: run.pid)
        #expect(children.count == 5)
        run.running.child.signal(SIGKILL)
        #expect(try await run.ending().status == .signalled(SIGKILL))
        try await eventually("no orphan is left") { !children.contains(where: Coordinator.isRunning) }
        let ending = try await run.resume()
        #expect(ending.status == .exited(0), "\(ending.errors)")
        try await run.isAsIfUndisturbed()
    }

    @Test func allProcessesMayBeKilledAtOnce() async throws {
        let run = try await DisturbedRun.start(try Coordinator(), hosts: 2)
        // The coordinator first: it would start others.
        for process in [run.pid] + Coordinator.children(of: run.pid) { ChildProcess.kill(process, signal: SIGKILL) }
        #expect(try await run.ending().status == .signalled(SIGKILL))
        let ending = try await run.resume()
        #expect(ending.status == .exited(0), "\(ending.errors)")
        try await run.isAsIfUndisturbed()
    }

    @Test func aProcessThatKeepsDyingEndsTheRunWithItsNameAndItCanBeResumed() async throws {
        let run = try await DisturbedRun.start(try Coordinator())
        let killer = Task {
            while !Task.isCancelled {
                for host in Coordinator.children(of: run.pid, program: "agent-host") {
                    ChildProcess.kill(host, signal: SIGKILL)
                }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        let ending = try await run.ending()
        killer.cancel()
        #expect(ending.status == .exited(ProcessExitCode.temporaryFailure.rawValue))
        #expect(ending.errors.contains("agent-host-1 was ended by signal 9"), "\(ending.errors)")
        #expect(ending.errors.contains("it died"), "\(ending.errors)")
        #expect(ending.errors.contains("run --resume \(run.path)"))
        #expect(try await run.resume().status == .exited(0))
        try await run.isAsIfUndisturbed()
    }
}
