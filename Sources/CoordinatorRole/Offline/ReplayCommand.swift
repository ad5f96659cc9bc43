import ArgumentParser
import Foundation
import Recording
import Replay
import Scenarios
import ServiceRuntime
import Support

/// `coordinator replay`.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Executes a recorded run again from its recorded answers.",
        discussion: """
            Runs every turn of the closed rounds again, without any model, and compares what it comes to with the \
            recording: exit code 0 and the speed when all digests are equal, exit code 1 and the first difference \
            otherwise. The recording is only read.

              coordinator replay runs/first
              coordinator replay runs/first --until 2 --json
            """)

    @OptionGroup var recording: RecordingAccess
    @OptionGroup var service: ServiceOptions

    @Option(help: ArgumentHelp("The last round to execute; all closed ones by default.", valueName: "round"))
    var until: UInt32?

    @Flag(help: "One JSON object on one line.")
    var json = false

    func run() throws {
        let (recording, until, json, registry) = (recording, until, json, ProgramSetting.current.registry)
        try Service.run(role: "coordinator", options: service, defaultLevel: .warning) { context in
            let reader = try RecordingReader(path: try RunFolder.ofExistingRun(recording.runDir).recording)
            let replay = RunReplay(
                reader, registry: registry, version: ProgramVersion.current,
                workers: ProcessInfo.processInfo.activeProcessorCount, clock: context.clock)
            let work = Task { try await replay.run(until: until) }
            context.stop.onRequest { _ in work.cancel() }
            let report: ReplayReport
            do {
                report = try await work.value
            } catch is CancellationError {
                throw UserError("stopped before the end of the replay", exitCode: .interrupted)
            }
            StandardOutput.write(json ? try report.json() : report.text())
            if report.difference != nil { throw ExitCode(ProcessExitCode.failure.rawValue) }
        }
    }
}
