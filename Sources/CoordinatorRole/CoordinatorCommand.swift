import ArgumentParser
import ServiceRuntime

/// The command line of GenSim.
public struct CoordinatorCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Plays simulations of LLM-driven agents, and looks at what they left.",
        discussion: """
            coordinator run Configs/quickstart.yaml --llm emulator   plays a first run that needs no model
            coordinator status RUN_DIR                                how it is doing
            coordinator pause|continue|stop RUN_DIR                   what the words say
            coordinator intervene RUN_DIR --announce TEXT             changes a run that is played
            coordinator interview RUN_DIR AGENT "How are you?"        asks an agent, as it is or as it was
            coordinator stories people.jsonl --llm URL --out FILE     has a model write a background for each record
            coordinator export RUN_DIR --format csv --out tables      its tables, for R, pandas or a spreadsheet
            """,
        version: ProgramVersion.current,
        subcommands: [
            RunCommand.self, StatusCommand.self, PauseCommand.self, ContinueCommand.self, StopCommand.self,
            InterveneCommand.self, InterviewCommand.self,
            ServersCommand.self, AdaptersCommand.self, ExportCommand.self, DigestCommand.self, VerifyCommand.self,
            ReplayCommand.self, PopulationCommand.self, StoriesCommand.self, ImportCommand.self, VersionCommand.self,
        ])

    /// For the parser.
    public init() {}
}

/// `coordinator version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Prints the program's version.")

    func run() { StandardOutput.write("\(ProgramVersion.current)\n") }
}
