import ArgumentParser
import Foundation
import Support

/// Ties the life of a program that knows no lifeline to that of whoever started the supervisor.
public struct SupervisorCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "supervisor", abstract: "Runs a server for as long as its parent lives.",
        discussion: """
            Starts COMMAND with the supervisor's own output and environment and leaves with its exit code. When the
            lifeline closes, or on SIGTERM, COMMAND gets SIGTERM, and SIGKILL five seconds later. When the supervisor
            itself is killed, the system kills COMMAND.

              supervisor --lifeline-fd 3 -- llama-server --port 8080 -m model.gguf
            """,
        version: ProgramVersion.current)

    @OptionGroup var service: ServiceOptions

    @Argument(parsing: .postTerminator, help: "The program and its arguments, behind `--`.")
    var command: [String]

    /// Time between SIGTERM and SIGKILL.
    static let grace = Span.seconds(5)

    /// For the parser.
    public init() {}

    public func run() throws {
        guard let program = command.first else {
            throw ValidationError("name the program to run: supervisor --lifeline-fd 3 -- PROGRAM ARGUMENTS")
        }
        let arguments = Array(command.dropFirst())
        var lifetime = service
        let lifeline = lifetime.lifelineFd
        // A lifeline's own deadline would leave the program to the system's SIGKILL: ours is longer.
        lifetime.lifelineFd = nil
        try Service.run(role: "supervisor", options: lifetime) { context in
            if let lifeline { try Lifeline.onClose(fd: lifeline) { context.stop.request(.lifelineClosed) } }
            let code = try await Self.supervise(program, arguments, stop: context.stop)
            if code != 0 { throw ExitCode(code) }
        }
    }

    /// Runs the program to its end, which `stop` brings about.
    /// - Returns: The program's exit code; 128 plus the signal that ended it.
    static func supervise(_ program: String, _ arguments: [String], stop: StopSignal) async throws -> Int32 {
        let environment = ProcessInfo.processInfo.environment.map { "\($0)=\($1)" }
        let child = try await ManagedChild.start(
            ManagedChild.Plan(
                name: "supervised", executable: try ProgramPath.find(program), arguments: arguments,
                environment: environment, killedWithParent: true))
        let ender = Task {
            if await stop.wait() != nil { await child.terminate(grace: grace) }
        }
        defer { ender.cancel() }
        switch await child.exit() {
        case .exited(let code): return code
        case .signalled(let signal): return 128 + signal
        }
    }
}
