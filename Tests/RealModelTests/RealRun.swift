import Foundation
import ServiceRuntime
import Support
import TestKit

/// Plays a configuration with real model servers, by all processes, and verifies the recording.
enum RealRun {
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Plays into `folder`/run.
    static func play(_ configuration: String, _ options: [String] = [], in folder: String) async throws {
        let arguments =
            ["run", configuration, "--local-models", try models(), "--run-dir", "\(folder)/run", "--quiet"] + options
        let (output, status) = try await call(arguments, in: folder)
        guard status == .exited(0) else {
            throw UserError("the round was not played to its end: \(output)", exitCode: .software)
        }
        let (findings, verdict) = try await call(["verify", "\(folder)/run"], in: folder)
        guard verdict == .exited(0) else {
            throw UserError("the recording is not whole: \(findings)", exitCode: .dataError)
        }
    }

    /// Where `Scripts/models` puts them.
    private static func models() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache"
        let folder = environment["GENSIM_MODELS"] ?? "\(cache)/gensim/models"
        guard FileManager.default.fileExists(atPath: "\(folder)/KEY") else {
            throw UserError(
                "the real models are not there", at: folder,
                advice: "fetch them with Scripts/models, or run Scripts/test, which does", exitCode: .noInput)
        }
        return folder
    }

    private static func call(
        _ arguments: [String], in folder: String
    ) async throws -> (output: String, status: ChildProcess.ExitStatus) {
        let path = "\(folder)/\(arguments[0]).log"
        let log = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(log) }
        let child = try await ManagedChild.start(
            ManagedChild.Plan(
                name: "coordinator", executable: "\(try ProgramPath.ownFolder())/coordinator", arguments: arguments,
                environment: ["PATH=/usr/bin:/bin", "TMPDIR=\(folder)"], standardOutput: log, standardError: log))
        // A test that is cut off for its time must not leave servers behind.
        let status = await withTaskCancellationHandler {
            await child.exit()
        } onCancel: {
            child.signal(SIGTERM)
        }
        return (try String(contentsOfFile: path, encoding: .utf8), status)
    }
}
