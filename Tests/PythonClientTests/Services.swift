import Foundation
import ServiceRuntime
import Support
import TestKit

/// A folder with an emulator and an llm-gateway in it, started as a person would, from their own programs.
final class Services: Sendable {
    /// What a program said and how it left.
    struct Ending {
        var status: ChildProcess.ExitStatus
        var output: String
        var errors: String
    }

    private static let startLimit = Span.seconds(30)

    private let home: TemporaryFolder
    private let folder: String
    private let binaries: String
    private let lifeline: Lifeline
    private let children = Guarded<[ManagedChild]>([])

    init() throws {
        home = try TemporaryFolder()
        folder = home.path
        binaries = try ProgramPath.ownFolder()
        lifeline = try Lifeline()
    }

    /// Starts an emulator and a gateway in front of it.
    /// - Returns: The gateway's endpoint.
    func start() async throws -> String {
        let address = try await ready("llm-emulator", ["--listen", "127.0.0.1:0"], announces: "--port-file")
        return try await ready(
            "llm-gateway", ["--listen", "ipc://\(folder)/gateway", "--llm", "http://\(address)"],
            announces: "--ready-file")
    }

    /// Whether everything that was started still runs.
    var areRunning: Bool { children.withLock { $0.allSatisfy { $0.status == nil } } }

    /// Runs a program to its end.
    func run(_ program: String, _ arguments: [String]) async throws -> Ending {
        let (child, output, errors) = try await launch(program, arguments, name: "client", lifeline: nil)
        let status = await child.exit()
        return Ending(
            status: status, output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }

    /// Ends what was started.
    func stop() async {
        for child in children.withLock({ $0 }) { await child.terminate(grace: .seconds(10)) }
    }

    private func ready(_ name: String, _ arguments: [String], announces option: String) async throws -> String {
        let file = "\(folder)/\(name).ready"
        let (child, _, errors) = try await launch(
            "\(binaries)/\(name)",
            arguments + [option, file, "--lifeline-fd", "\(ManagedChild.lifelineNumber)"], name: name,
            lifeline: lifeline.readEnd)
        children.withLock { $0.append(child) }
        let clock = SystemClock()
        let deadline = clock.now() + Self.startLimit
        while child.status == nil && clock.now() < deadline {
            if let text = try? String(contentsOfFile: file, encoding: .utf8), !text.isEmpty {
                return text.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw UserError(
            "\(name) does not start: \((try? String(contentsOfFile: errors, encoding: .utf8)) ?? "")",
            exitCode: .unavailable)
    }

    private func launch(
        _ program: String, _ arguments: [String], name: String, lifeline: Int32?
    ) async throws -> (child: ManagedChild, output: String, errors: String) {
        let (output, errors) = ("\(folder)/\(name).out", "\(folder)/\(name).err")
        let descriptors = [output, errors].map { (path: String) in open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        defer { for descriptor in descriptors { close(descriptor) } }
        let child = try await ManagedChild.start(
            ManagedChild.Plan(
                name: name, executable: program, arguments: arguments,
                environment: ["PATH=/usr/bin:/bin", "TMPDIR=\(folder)"], standardOutput: descriptors[0],
                standardError: descriptors[1], lifeline: lifeline))
        return (child, output, errors)
    }
}
