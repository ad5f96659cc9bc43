import ArgumentParser
import Foundation
import ServiceRuntime
import Support

/// `coordinator stories`.
struct StoriesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stories", abstract: "Has a model write a background story for each record of a population.",
        discussion: """
            Writes the records with their stories to a file that a run takes as its population, and beside it what was \
            asked and answered: people.jsonl, and people.stories.jsonl with model, seed, prompt and tokens of \
            each record.

              coordinator stories people.jsonl --llm http://127.0.0.1:8000 --out told.jsonl
              coordinator stories people.csv --llm http://127.0.0.1:8000 --template life.mustache --field life \
            --out told.jsonl

            A template is in the language of the prompt templates. It may use every field of the records, lists and \
            maps as text, too ({{cv_text}}), {{id}}, {{number}}, and {{profile}}: all fields, a line each. \
            --show-template prints the one that is used otherwise.

            The same command goes on where it was cut off: what was answered is not asked again. Where records got no \
            story, it asks for those under further seeds.
            """)

    @OptionGroup var options: StoriesOptions
    @OptionGroup var service: ServiceOptions

    func run() throws {
        guard !options.showTemplate else { return StandardOutput.write(StoryTemplate.standard) }
        let options = options
        let emergency = Emergency()
        try Service.run(
            role: "coordinator", options: service, defaultLevel: .warning, immediate: { emergency.act() }
        ) { context in
            let session = StoriesSession(
                options: options, context: context, environment: ProcessInfo.processInfo.environment,
                emergency: emergency)
            try await session.run()
        }
    }
}

/// For whom stories are written, by which model, and how.
struct StoriesOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("File of records: .json, .jsonl or .csv.", valueName: "population"))
    var population: String?

    @Option(
        help: ArgumentHelp("Address of an LLM server, or emulator; may be repeated.", valueName: "url"))
    var llm: [String] = []

    @Option(help: "Name of the chat model, where a server has several.")
    var model: String?

    @Option(
        help: ArgumentHelp("File with the LLM servers' key; else the environment's GENSIM_LLM_KEY.", valueName: "file"))
    var llmKeyFile: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Further arguments of the emulator, in one word.", valueName: "arguments"))
    var emulatorArgs: String?

    @Option(help: ArgumentHelp("File for the records with their stories, one JSON object a line.", valueName: "file"))
    var out: String?

    @Option(help: "Field that gets the story.")
    var field = "background"

    @Option(help: ArgumentHelp("File of the prompt's template.", valueName: "file"))
    var template: String?

    @Option(help: ArgumentHelp("Seed from which the seeds of all requests derive.", valueName: "n"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("The first records only.", valueName: "n"))
    var limit: Int?

    @Option(help: ArgumentHelp("Temperature of the model, 0 to 5.", valueName: "number"))
    var temperature = 0.7

    @Option(help: ArgumentHelp("Most tokens of a story.", valueName: "n"))
    var maxTokens: UInt32 = 400

    @Option(help: ArgumentHelp("Requests that are under way at a time.", valueName: "n"))
    var inFlight = 64

    @Flag(help: "Print the template that is used where none is given, and leave.")
    var showTemplate = false

    @Flag(help: "No progress on standard error.")
    var quiet = false

    func validate() throws {
        guard !showTemplate else { return }
        guard population != nil, out != nil, !llm.isEmpty else {
            throw ValidationError("name a population, --llm URL and --out FILE")
        }
        for url in llm where !RunOptions.isServer(url) {
            throw ValidationError("`\(url)` is no server: give http://HOST:PORT, https://HOST, or emulator")
        }
        if llm.contains(RunOptions.emulator) && llm.count > 1 {
            throw ValidationError("--llm emulator stands alone")
        }
        if emulatorArgs != nil && llm != [RunOptions.emulator] {
            throw ValidationError("--emulator-args needs --llm emulator")
        }
        guard StorySettings.isField(field) else {
            throw ValidationError("--field takes a name of letters, digits and _, and not id")
        }
        if let limit, limit < 1 { throw ValidationError("--limit takes 1 or more") }
        guard (0...5).contains(temperature) else { throw ValidationError("--temperature takes 0 to 5") }
        guard (1...32_768).contains(maxTokens) else { throw ValidationError("--max-tokens takes 1 to 32768") }
        guard (1...4096).contains(inFlight) else { throw ValidationError("--in-flight takes 1 to 4096") }
    }
}
