import Glibc
import Support
import Testing

@Suite struct ChildProcessTests {
    /// A pipe whose ends are closed with it.
    private struct Pipe: ~Copyable {
        let readEnd: Int32
        let writeEnd: Int32

        init() throws {
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            (readEnd, writeEnd) = (ends[0], ends[1])
        }

        /// Everything that is written until the last writer closes; closes our own write end first.
        consuming func readAll() -> String {
            close(writeEnd)
            var text: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(readEnd, &buffer, buffer.count)
                if count <= 0 { break }
                text += buffer.prefix(count)
            }
            close(readEnd)
            return String(decoding: text, as: UTF8.self)
        }
    }

    private func output(
        of script: String, arguments: [String] = [], environment: [String] = [],
        inherit: [(parentFD: Int32, childFD: Int32)] = []
    ) throws -> String {
        let pipe = try Pipe()
        let pid = try ChildProcess.spawn(
            executable: "/bin/sh", arguments: ["-c", script, "sh"] + arguments, environment: environment,
            standardOutput: pipe.writeEnd, inherit: inherit)
        let text = pipe.readAll()
        #expect(ChildProcess.wait(pid) == .exited(0))
        return text
    }

    @Test func argumentsAndEnvironmentArriveAsGiven() throws {
        let text = try output(
            of: "printf '%s|%s|%s' \"$1\" \"$2\" \"$NAME\"", arguments: ["a b", ""], environment: ["NAME=x=y"])
        #expect(text == "a b||x=y")
    }

    @Test func onlyTheDescriptorsThatAreNamedAreOpenInTheChild() throws {
        let stray = fcntl(STDERR_FILENO, F_DUPFD, 20)
        defer { close(stray) }
        let text = try output(
            of: "for fd in 0 1 2 3 4 5 6 7 8 9 $1; do if [ -e /proc/$$/fd/$fd ]; then echo $fd; fi; done",
            arguments: ["\(stray)"], inherit: [(stray, 7)])
        #expect(text == "0\n1\n2\n7\n")
    }

    @Test func descriptorsCanChangePlaces() throws {
        let first = try Pipe()
        let second = try Pipe()
        // Only bash takes descriptors above 9 in a redirection.
        let pid = try ChildProcess.spawn(
            executable: "/bin/bash", arguments: ["-c", "echo one >&\(second.writeEnd); echo two >&\(first.writeEnd)"],
            environment: [],
            inherit: [(first.writeEnd, second.writeEnd), (second.writeEnd, first.writeEnd)])
        #expect(ChildProcess.wait(pid) == .exited(0))
        #expect(first.readAll() == "one\n")
        #expect(second.readAll() == "two\n")
    }

    @Test func exitCodesAndSignalsAreToldApart() throws {
        let leaving = try ChildProcess.spawn(
            executable: "/bin/sh", arguments: ["-c", "exit 7"], environment: [], ownProcessGroup: true)
        #expect(ChildProcess.wait(leaving) == .exited(7))
        let killed = try ChildProcess.spawn(
            executable: "/bin/sleep", arguments: ["100"], environment: [], killedWithParentThread: false,
            ownProcessGroup: true)
        #expect(ChildProcess.poll(killed) == nil)
        #expect(ChildProcess.kill(killed, signal: SIGTERM, group: true))
        #expect(ChildProcess.wait(killed) == .signalled(SIGTERM))
        #expect(ChildProcess.wait(killed) == nil)
    }

    @Test func aMissingProgramIsAnErrorOfTheCall() {
        let error = #expect(throws: UserError.self) {
            try ChildProcess.spawn(executable: "/nowhere/program", arguments: [], environment: [])
        }
        #expect(error?.place == "/nowhere/program")
        #expect(error?.exitCode == .osError)
    }

    @Test func theChildDiesWithTheThreadThatStartedIt() throws {
        let pid = Guarded<pid_t>(0)
        let thread = try OSThread(name: "parent") {
            let child = try? ChildProcess.spawn(
                executable: "/bin/sleep", arguments: ["100"], environment: [], killedWithParentThread: true)
            pid.withLock { $0 = child ?? 0 }
        }
        thread.join()
        let child = pid.withLock { $0 }
        try #require(child > 0)
        #expect(ChildProcess.wait(child) == .signalled(SIGKILL))
    }

    @Test func signalsAreUnblockedInTheChild() throws {
        let text = Guarded("")
        let thread = try OSThread(name: "blocked") {
            var mask = sigset_t()
            sigfillset(&mask)
            pthread_sigmask(SIG_SETMASK, &mask, nil)
            let blocked = try? output(of: "exec grep SigBlk /proc/self/status", environment: ["PATH=/usr/bin:/bin"])
            text.withLock { $0 = blocked ?? "failed" }
        }
        thread.join()
        #expect(text.withLock { $0 } == "SigBlk:\t0000000000000000\n")
    }
}
