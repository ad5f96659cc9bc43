import Glibc
import Support
import Testing

@testable import ServiceRuntime

@Suite struct ManagedChildTests {
    private func shell(_ script: String, lifeline: Int32? = nil) -> ManagedChild.Plan {
        ManagedChild.Plan(
            name: "shell", executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH=/usr/bin:/bin"],
            lifeline: lifeline)
    }

    @Test func theExitCodeOfAChildIsKnown() async throws {
        let child = try await ManagedChild.start(shell("exit 7"))
        #expect(await child.exit() == .exited(7))
        #expect(child.status == .exited(7))
        #expect(child.status?.explanation == "ended with exit code 7")
    }

    @Test func aChildThatIgnoresSigtermIsKilledAfterTheGrace() async throws {
        let readiness = try Lifeline()
        let child = try await ManagedChild.start(shell("trap '' TERM; exec sleep 600", lifeline: readiness.readEnd))
        #expect(await child.terminate(grace: .milliseconds(300)) == .signalled(SIGKILL))
    }

    @Test func aChildLeavesWhenItsLifelineCloses() async throws {
        let child: ManagedChild
        do {
            let lifeline = try Lifeline()
            child = try await ManagedChild.start(shell("read line <&3; exit 5", lifeline: lifeline.readEnd))
        }
        #expect(await child.exit() == .exited(5))
    }

    @Test func aProgramThatCannotBeStartedIsAnError() async {
        await #expect(throws: UserError.self) {
            try await ManagedChild.start(
                ManagedChild.Plan(name: "none", executable: "/nonexistent/x", arguments: [], environment: []))
        }
    }

    @Test func theSupervisorPassesTheExitCodeOn() async throws {
        #expect(try await SupervisorCommand.supervise("sh", ["-c", "exit 9"], stop: StopSignal()) == 9)
    }

    @Test func theSupervisorEndsItsProgramWhenItIsToStop() async throws {
        let stop = StopSignal()
        stop.request(.lifelineClosed)
        #expect(try await SupervisorCommand.supervise("sleep", ["600"], stop: stop) == 128 + SIGTERM)
    }
}
