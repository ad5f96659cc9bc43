import ArgumentParser
import Foundation
import Recording
import ServiceRuntime
import Support

/// `coordinator status`.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Says how a run is doing.",
        discussion: "Asks the coordinator that plays it, or reads the recording when nobody does.")

    @OptionGroup var recording: RecordingAccess
    @OptionGroup var service: ServiceOptions

    @Flag(help: "One JSON object on one line.")
    var json = false

    func run() throws {
        let folder = try folder()
        let file = try file(folder)
        if let file, file.isAlive, let endpoint = file.endpoints[ServiceNames.coordinator] {
            let (json, sockets) = (json, file.sockets)
            try Service.run(role: "coordinator", options: service) { context in
                var status = try await StatusReport.ask(endpoint, context)
                status.metrics = SocketFolder.metricsAddresses(in: sockets)
                StandardOutput.write(try status.text(json: json))
            }
            return
        }
        try recording.read { reader in
            guard let run = try reader.run() else {
                throw UserError(
                    "the recording holds no run yet", at: recording.runDir, advice: "start it anew",
                    exitCode: .dataError)
            }
            let summary = try reader.summary()
            let report = StatusReport(
                run: run.name, phase: run.closedRound >= run.rounds ? "finished" : "stopped",
                round: run.closedRound, rounds: run.rounds,
                counters: Dictionary(summary.counters.map { ($0.name, $0.count) }) { first, _ in first })
            StandardOutput.write(try report.text(json: json))
        }
    }

    private func folder() throws -> RunFolder {
        var folder: RunFolder?
        try recording.reporting { folder = try RunFolder.ofExistingRun(recording.runDir) }
        guard let folder else { throw ExitCode(ProcessExitCode.noInput.rawValue) }
        return folder
    }

    private func file(_ folder: RunFolder) throws -> RunFile? {
        var file: RunFile?
        try recording.reporting { file = try RunFile.read(from: folder.path) }
        return file
    }
}

/// How a run is doing.
struct StatusReport: Encodable, Sendable {
    var run: String
    var phase: String
    var round: UInt32
    var rounds: UInt32
    var counters: [String: UInt64]
    /// Where the processes on this machine serve metrics, `HOST:PORT` by name.
    var metrics: [String: String] = [:]

    /// Asks the coordinator that plays it.
    static func ask(_ endpoint: String, _ context: ServiceContext) async throws -> StatusReport {
        let status = try await CoordinatorContact.talk(to: endpoint, as: "status", context) { try await $0.status() }
        return StatusReport(
            run: status.run, phase: status.phase, round: status.round, rounds: status.rounds,
            counters: Dictionary(status.counters.map { ($0.name, $0.count) }) { first, _ in first })
    }

    /// For people, or one object on one line.
    func text(json: Bool) throws -> String {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        }
        let counts = counters.sorted { $0.key < $1.key }.map { "  \($0.key): \(Amount.count($0.value))\n" }
        let places = metrics.sorted { $0.key < $1.key }.map { "  \($0.key): http://\($0.value)/metrics\n" }
        return "\(run): \(phase), round \(round) of \(rounds)\n" + counts.joined()
            + (places.isEmpty ? "" : "metrics:\n" + places.joined())
    }
}
