import ArgumentParser
import Foundation
import ServiceRuntime
import Support

/// `coordinator interview`.
struct InterviewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "interview", abstract: "Asks an agent something, as it is now or as it was after a past round.",
        discussion: """
            The agent gets the prompt that it would get in the next round: instruction, profile, memory, \
            announcements, and the question as what it observes. It never remembers that it was asked, and \
            nothing of it is recorded.

              coordinator interview runs/first seeker-001 "What do you want most?"
              coordinator interview runs/first seeker-001 "What do you want most?" --round 3 --show-prompt
              coordinator interview runs/first ada "Whom do you trust?" --llm http://127.0.0.1:8000 --out ada.json

            A run that is played goes on meanwhile; its own gateways are asked. For a run that has ended its model \
            servers must still be there, or others be named; --llm emulator needs none. Where the agent's long-term \
            memory is searched, the run's embedding model is needed, too. The same question to the same agent is asked \
            under the same seed.
            """)

    @OptionGroup var options: InterviewOptions
    @OptionGroup var service: ServiceOptions

    func run() throws {
        let (options, registry) = (options, ProgramSetting.current.registry)
        let emergency = Emergency()
        try Service.run(
            role: "coordinator", options: service, defaultLevel: .warning, immediate: { emergency.act() }
        ) { context in
            let session = InterviewSession(
                options: options, context: context, environment: ProcessInfo.processInfo.environment,
                registry: registry,
                emergency: emergency)
            let work = Task { try await session.run() }
            context.stop.onRequest { _ in work.cancel() }
            do {
                try await work.value
            } catch is CancellationError {
                throw UserError("stopped before there was an answer", exitCode: .interrupted)
            }
        }
    }
}

/// Whom to ask, what, and by which servers.
struct InterviewOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The run's folder.", valueName: "run-dir"))
    var runDir: String

    @Argument(help: ArgumentHelp("The agent's id.", valueName: "agent"))
    var agent: String

    @Argument(help: ArgumentHelp("What it is asked.", valueName: "question"))
    var question: String

    @Option(
        help: ArgumentHelp(
            "The closed round after which it is asked, 0 for before the first; the newest by default.",
            valueName: "round"))
    var round: UInt32?

    @Option(
        help: ArgumentHelp(
            "An LLM server, or emulator, instead of the run's; may be repeated.", valueName: "url"))
    var llm: [String] = []

    @Option(help: ArgumentHelp("An embedding server instead of the run's.", valueName: "url"))
    var embedding: String?

    @Option(help: "Name of another chat model than the run's.")
    var model: String?

    @Option(
        help: ArgumentHelp("File with the LLM servers' key; else the environment's GENSIM_LLM_KEY.", valueName: "file"))
    var llmKeyFile: String?

    @Flag(help: "Print the prompt before the answer.")
    var showPrompt = false

    @Flag(help: "One JSON object on one line.")
    var json = false

    @Option(help: ArgumentHelp("A file for question, prompt and answer as JSON.", valueName: "file"))
    var out: String?

    func validate() throws {
        guard !question.isEmpty, question.utf8.count <= 16_384 else {
            throw ValidationError("a question has 1 to 16384 bytes")
        }
        for url in llm + [embedding].compactMap({ $0 }) where !RunOptions.isServer(url) {
            throw ValidationError("`\(url)` is no server: give http://HOST:PORT, https://HOST, or emulator")
        }
    }
}
