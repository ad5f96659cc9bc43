import ArgumentParser
import Foundation
import Hashing
import Model
import Recording
import RunConfiguration
import ServiceRuntime
import SimulationKit
import Support
import Wire

/// `coordinator intervene`.
struct InterveneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "intervene", abstract: "Changes a run that is played, from the next round on.",
        discussion: """
            A text that stands in everybody's prompts, until another takes its place or --announce "" ends it:

              coordinator intervene RUN_DIR --announce "The bank has closed."

            A message that everybody finds and remembers; or for some agents, by id or by type:

              coordinator intervene RUN_DIR --broadcast "The bridge is open again."
              coordinator intervene RUN_DIR --agent ada --agent ben --remember "I won the lottery." --set money=5000
              coordinator intervene RUN_DIR --agent environment --set price=12

            Several, or by public fields and with relations, from a file:

              interventions:
                - agents: { type: seeker, where: { city: Rome } }
                  set: { mood: hopeful }
                  message: { subject: news, body: The factory hires. }
                - agents: [ada]
                  unrelate: { relation: friends, to: [ben] }

            The command returns when the recording has it, and says which round is the first with it: the one after \
            the round that is open. Replays and resumed runs read it there. Where the answer is lost, it says so, with \
            a number: the same command with --request NUMBER tells what became of it, and never counts twice. What is \
            known beforehand belongs into the configuration: interventions: [{ round: 3, announce: "..." }].
            """)

    @Argument(help: ArgumentHelp("The run's folder.", valueName: "run-dir"))
    var runDir: String

    @OptionGroup var change: InterventionOptions

    @Option(
        help: ArgumentHelp(
            "The number of an earlier try: it counts once, however often it is repeated.", valueName: "number"))
    var request: InterventionNumber?

    @Flag(help: "One JSON object on one line.")
    var json = false

    @OptionGroup var service: ServiceOptions

    func validate() throws { try change.check() }

    func run() throws {
        let (runDir, change, json) = (runDir, change, json)
        // Tells one request from another; no result depends on it.
        let number =
            request?.digest ?? Digest128(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
        try Service.run(role: "coordinator", options: service, defaultLevel: .warning) { context in
            let folder = try RunFolder.ofExistingRun(runDir)
            let message = Intervene(request: number, interventions: try change.interventions().map(\.value))
            let errand = InterventionErrand(
                message: message, shown: runDir, player: { try Self.player(of: folder) },
                ask: { try await Self.ask($0, message, folder, context) },
                recorded: { try Self.recorded(message, folder) })
            StandardOutput.write(try Self.text(try await errand.run(), json: json))
        }
    }

    private static func player(of folder: RunFolder) throws -> InterventionErrand.Player? {
        guard let file = try RunFile.read(from: folder.path), file.isAlive, let pid = file.pid,
            let endpoint = file.endpoints[ServiceNames.coordinator]
        else { return nil }
        return .init(pid: pid, endpoint: endpoint)
    }

    /// Asks a coordinator; nil where it leaves before it has answered, or another plays the run meanwhile.
    private static func ask(
        _ player: InterventionErrand.Player, _ message: Intervene, _ folder: RunFolder, _ context: ServiceContext
    ) async throws -> [UInt32]? {
        try await CoordinatorContact.talk(to: player.endpoint, as: "intervene", context) { contact in
            let work = Task {
                try await whilePlayed(folder.path, by: player.pid) { try await contact.intervene(message) }
            }
            context.stop.onRequest { _ in work.cancel() }
            return try await work.value
        }
    }

    /// What the recording has of the request. A run without a recording has nothing that outlives its coordinator.
    private static func recorded(_ message: Intervene, _ folder: RunFolder) throws -> [UInt32] {
        guard FileManager.default.fileExists(atPath: folder.recording) else { return [] }
        let reader = try RecordingReader(path: folder.recording)
        defer { try? reader.close() }
        let kept = try reader.interventions(ofRequest: message.request)
        guard kept.isEmpty || kept.map(\.bytes) == message.interventions.map({ $0.packed() }) else {
            throw InterventionErrand.others(under: message.request)
        }
        return kept.map(\.round)
    }

    private static func text(_ rounds: [UInt32], json: Bool) throws -> String {
        guard json else {
            return rounds.map { "accepted: it takes effect with round \($0)\n" }.joined()
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(["rounds": rounds]), as: UTF8.self) + "\n"
    }
}

/// What is to be done to whom.
struct InterventionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A YAML file of interventions, instead of the options below.", valueName: "file"))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "An agent's id, a type, all, or environment; may be repeated.", valueName: "id"))
    var agent: [String] = []

    @Option(help: ArgumentHelp("The first round with it; by default the next that can have it.", valueName: "n"))
    var round: UInt32?

    @Option(help: ArgumentHelp("Text in the prompts from then on; an empty one ends it.", valueName: "text"))
    var announce: String?

    @Option(help: ArgumentHelp("Text that agents find in their inbox, and remember.", valueName: "text"))
    var broadcast: String?

    @Option(help: ArgumentHelp("Text that agents remember.", valueName: "text"))
    var remember: String?

    @Option(help: ArgumentHelp("A new value of a dynamic field; may be repeated.", valueName: "field=value"))
    var set: [String] = []

    @Option(help: ArgumentHelp("What is added to a dynamic whole number; may be repeated.", valueName: "field=n"))
    var add: [String] = []

    /// Refuses what says nothing, or two things.
    func check() throws {
        let hasOptions =
            announce != nil || broadcast != nil || remember != nil || !set.isEmpty || !add.isEmpty || !agent.isEmpty
            || round != nil
        guard (file != nil) != hasOptions else {
            throw ValidationError(
                "give either --file, or what to do: --announce, --broadcast, --remember, --set, --add")
        }
    }

    /// The interventions, as far as they can be read without the run.
    func interventions() throws -> [Intervention] {
        if let file { return try Self.read(file) }
        var parts: [String: Value] = [:]
        if let round { parts["round"] = .int(Int64(round)) }
        if let announce { parts["announce"] = .text(announce) }
        if let broadcast { parts["broadcast"] = .text(broadcast) }
        if let remember { parts["remember"] = .text(remember) }
        if !set.isEmpty { parts["set"] = .map(try Self.assignments(set, "--set")) }
        if !add.isEmpty { parts["add"] = .map(try Self.assignments(add, "--add")) }
        switch agent {
        case []: break
        case ["all"], ["environment"]: parts["agents"] = .text(agent[0])
        default: parts["agents"] = .list(agent.map { .text($0) })
        }
        return [try Intervention(.map(parts), at: "intervene")]
    }

    private static func read(_ path: String) throws -> [Intervention] {
        guard let bytes = FileManager.default.contents(atPath: path), bytes.count <= RunSettings.maxBytes,
            let text = String(validating: bytes, as: UTF8.self)
        else {
            throw UserError("the file cannot be read as text", at: path, advice: "check its path", exitCode: .noInput)
        }
        return try RunSettings.interventions(yaml: text, file: path)
    }

    /// Values as YAML would have them: 5 is a number, true a truth value, everything else a text.
    private static func assignments(_ texts: [String], _ option: String) throws(UserError) -> [String: Value] {
        var values: [String: Value] = [:]
        for text in texts {
            guard let mark = text.firstIndex(of: "="), mark != text.startIndex else {
                throw UserError("`\(text)` sets nothing", at: option, advice: "write field=value", exitCode: .usage)
            }
            let word = String(text[text.index(after: mark)...])
            values[String(text[..<mark])] =
                switch word {
                case "true": .bool(true)
                case "false": .bool(false)
                default:
                    Int64(word).map(Value.int) ?? Double(word).flatMap { $0.isFinite ? .double($0) : nil }
                        ?? .text(word)
                }
        }
        return values
    }
}

/// The number of a request for interventions, as the command shows it: 32 hexadecimal digits.
struct InterventionNumber: ExpressibleByArgument {
    let digest: Digest128

    init?(argument: String) {
        guard argument.utf8.count == 32, argument.utf8.allSatisfy({ Character(.init($0)).isHexDigit }),
            let high = UInt64(argument.prefix(16), radix: 16), let low = UInt64(argument.suffix(16), radix: 16)
        else { return nil }
        digest = Digest128(high: high, low: low)
    }
}
