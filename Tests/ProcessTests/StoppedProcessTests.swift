import Foundation
import Glibc
import Support
import Testing

/// Processes that are stopped for a while and then go on, as on a machine that stalls.
@Suite(.serialized) struct StoppedProcessTests {
    /// Answers after which the small job market is in its second round, and not at its end.
    private static let secondRound = 50

    @Test func aHostThatIsStoppedPastItsLeaseIsReplacedAndRefusedWhenItComesBack() async throws {
        let run = try await DisturbedRun.start(try Coordinator(), hosts: 2, options: ["--lease", "1"])
        let zombie = try await run.process("agent-host")
        let words = try String(contentsOfFile: "/proc/\(zombie)/cmdline", encoding: .utf8).split(separator: "\0")
        let name = try #require(words.last { $0.hasPrefix("agent-host-") && !$0.contains(".") })
        ChildProcess.kill(zombie, signal: SIGSTOP)
        defer { ChildProcess.kill(zombie, signal: SIGCONT) }
        // On into the second round, and still again there: the run does not end before the host has found out.
        try run.hold(at: Self.secondRound)
        // The second round begins when every partition has closed the first one: those of the stopped host, too.
        try await eventually("the round closes without the stopped host") {
            try await run.coordinator.digests(run.name).split(separator: "\n").count >= 1
        }
        #expect(Coordinator.isRunning(zombie))
        ChildProcess.kill(zombie, signal: SIGCONT)
        let log = "\(run.path)/logs/\(name).log"
        try await eventually("the host that comes back is refused") {
            try String(contentsOfFile: log, encoding: .utf8).contains("registering anew")
        }
        let ending = try await run.ending()
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(run.paidAgain == 0)
        try await run.isAsIfUndisturbed()
    }

    @Test(arguments: ["coordinator", "llm-gateway", "embedding-gateway"])
    func whoIsStoppedPastTheLeaseGoesOnAsIfNothingHadBeen(role: String) async throws {
        let run = try await DisturbedRun.start(try Coordinator(), hosts: 2, options: ["--lease", "1"])
        let stopped = try await run.process(role)
        ChildProcess.kill(stopped, signal: SIGSTOP)
        defer { ChildProcess.kill(stopped, signal: SIGCONT) }
        run.release()
        // A second without an answer, which is the lease, and another one.
        let answered = try await run.whenNothingIsAsked()
        #expect(try await run.whenNothingIsAsked() == answered)
        ChildProcess.kill(stopped, signal: SIGCONT)
        let ending = try await run.ending()
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(run.paidAgain == 0)
        try await run.isAsIfUndisturbed()
    }

    @Test func aStoppedRecorderHoldsTheRunAndMemoryStaysFlat() async throws {
        let run = try await DisturbedRun.start(try Coordinator())
        let recorder = try await run.process("recorder")
        ChildProcess.kill(recorder, signal: SIGSTOP)
        defer { ChildProcess.kill(recorder, signal: SIGCONT) }
        run.release()
        let before = try await run.whenNothingIsAsked()
        let processes = [run.pid] + Coordinator.children(of: run.pid)
        let held = processes.map { Coordinator.residentBytes(of: $0) }
        // As long again: who does not wait would go on asking, or gather what it cannot hand on.
        #expect(try await run.whenNothingIsAsked() == before)
        for (process, held) in zip(processes, held) {
            #expect(Coordinator.residentBytes(of: process) - held < 4 << 20)
        }
        #expect(Coordinator.isRunning(run.pid))
        ChildProcess.kill(recorder, signal: SIGCONT)
        let ending = try await run.ending()
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(run.paidAgain == 0)
        try await run.isAsIfUndisturbed()
    }
}

extension DisturbedRun {
    /// Waits until no call has been answered for many times as long as one takes; returns how many were until then.
    func whenNothingIsAsked() async throws -> Int {
        let clock = SystemClock()
        var (count, since) = (served.count, clock.now())
        try await eventually("the run comes to rest") {
            if served.count != count { (count, since) = (served.count, clock.now()) }
            return clock.now().since(since) >= .seconds(1)
        }
        return count
    }
}
