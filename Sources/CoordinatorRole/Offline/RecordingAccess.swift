import ArgumentParser
import Foundation
import Recording
import ServiceRuntime
import Support

/// The run whose recording is looked at.
struct RecordingAccess: ParsableArguments {
    @Argument(help: ArgumentHelp("The run's folder.", valueName: "run-dir"))
    var runDir: String

    /// Opens the recording, looks at it, and closes it. Errors for people end the command with their exit code.
    func read(_ body: (RecordingReader) throws -> Void) throws {
        try reporting {
            let reader = try RecordingReader(path: try RunFolder.ofExistingRun(runDir).recording)
            do {
                try body(reader)
            } catch {
                // The first error is the one that counts.
                try? reader.close()
                throw error
            }
            try reader.close()
        }
    }

    /// Turns errors into one line on standard error and an exit code.
    func reporting(_ body: () throws -> Void) throws { try CommandReport.reporting(body) }
}
