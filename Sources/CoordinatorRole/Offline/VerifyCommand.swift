import ArgumentParser
import Recording
import ServiceRuntime
import Support

/// `coordinator verify`.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Checks a recording against itself.",
        discussion: """
            Recomputes the hash chain of all batches and every digest, and checks that each call counts once, that no \
            round ran before the last was closed, that every call is accounted for, and that nothing is missing that \
            recording.acknowledged says was acknowledged. Exit code 1 and the first violation when something is wrong.
            """)

    @OptionGroup var recording: RecordingAccess

    func run() throws {
        try recording.read { reader in
            let report = try reader.verify()
            if let violation = report.violation {
                StandardError.write("coordinator: \(recording.runDir): \(violation)\n")
                throw ExitCode(ProcessExitCode.failure.rawValue)
            }
            StandardOutput.write(
                "in order: \(report.rounds) rounds, \(report.trees) trees, \(report.calls) calls used, "
                    + "\(report.inFlight) in flight, \(report.void) void, \(report.batches) batches\n")
            guard !report.hasMark else { return }
            StandardError.write(
                "coordinator: \(recording.runDir): recording.acknowledged is missing: that nothing was cut off at the "
                    + "recording's end cannot be told\n")
        }
    }
}
