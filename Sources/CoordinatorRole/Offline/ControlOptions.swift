import ArgumentParser
import Foundation
import ServiceRuntime
import Support
import Wire

/// What pause, continue and stop have in common.
struct ControlOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The run's folder.", valueName: "run-dir"))
    var runDir: String

    @Flag(help: "Leave as soon as the wish is heard, not when it has come true.")
    var noWait = false

    @OptionGroup var service: ServiceOptions

    private static let interval = Duration.milliseconds(100)

    /// Tells the coordinator that plays the run, and waits until it is so.
    func perform(_ control: RunControl) throws {
        let (runDir, noWait) = (runDir, noWait)
        try Service.run(role: "coordinator", options: service, defaultLevel: .warning) { context in
            let folder = try RunFolder.ofExistingRun(runDir)
            let endpoint = try Self.endpoint(folder, runDir)
            let said = try await CoordinatorContact.talk(to: endpoint, as: "control", context) { contact in
                let path = folder.path
                let isHeard: Void? = try await whilePlayed(path) { try await contact.control(control) }
                guard isHeard != nil else { return try Self.ended(control, path) }
                return noWait ? "heard" : try await Self.wait(for: control, contact, folder, context)
            }
            StandardOutput.write("\(runDir): \(said)\n")
        }
    }

    /// Where the coordinator listens that plays the run in `folder`, which errors call `shown`.
    static func endpoint(_ folder: RunFolder, _ shown: String) throws(UserError) -> String {
        let file = try RunFile.read(from: folder.path)
        guard let file, file.isAlive, let endpoint = file.endpoints[ServiceNames.coordinator] else {
            throw UserError(
                "nobody plays this run", at: shown, advice: "go on with it by `coordinator run --resume \(shown)`",
                exitCode: .unavailable)
        }
        return endpoint
    }

    /// Asks again and again until the wish has come true; a signal leaves the run on its way there.
    private static func wait(
        for control: RunControl, _ contact: CoordinatorContact, _ folder: RunFolder, _ context: ServiceContext
    ) async throws -> String {
        while context.stop.reason == nil {
            let path = folder.path
            guard try RunFile.isPlayed(path) else { return try ended(control, path) }
            if control != .stop {
                let status = try await whilePlayed(path) { try await contact.status() }
                if let status, let said = reached(control, status) { return said }
            }
            try await Task.sleep(for: interval)
        }
        throw UserError(
            "left before it was done; the run is on its way there", at: folder.path,
            advice: "see `coordinator status \(folder.path)`", exitCode: .interrupted)
    }

    /// What to say of a run that nobody plays any more.
    private static func ended(_ control: RunControl, _ path: String) throws(UserError) -> String {
        guard control != .proceed else {
            throw UserError("the run ended before it went on", at: path, exitCode: .temporaryFailure)
        }
        return "the run has ended"
    }

    /// What to say once the status is as wished, nil before.
    static func reached(_ control: RunControl, _ status: RunStatus) -> String? {
        switch (control, status.phase) {
        case (.pause, "paused"): "paused in round \(status.round) of \(status.rounds); nothing is in flight"
        case (_, "finished"): "the run has finished"
        case (.proceed, "paused"), (.proceed, "pausing"), (.pause, _), (.stop, _): nil
        case (.proceed, let phase): "\(phase), round \(status.round) of \(status.rounds)"
        }
    }
}
