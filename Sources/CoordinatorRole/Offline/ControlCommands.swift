import ArgumentParser
import ServiceRuntime

/// `coordinator pause`.
struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Pauses a run that is played: its processes wait.",
        discussion: """
            Turns in flight finish and are written down; no other starts, and no model is asked any more. A paused run \
            takes nothing but memory. Go on by `coordinator continue`; after a crash or a stop, by \
            `coordinator run --resume`.
            """)

    @OptionGroup var control: ControlOptions

    func run() throws { try control.perform(.pause) }
}

/// `coordinator continue`.
struct ContinueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "continue", abstract: "Goes on with a run that was paused.",
        discussion: "For a run that nobody plays any more, `coordinator run --resume RUN_DIR` is the command.")

    @OptionGroup var control: ControlOptions

    func run() throws { try control.perform(.proceed) }
}

/// `coordinator stop`.
struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Ends a run that is played, as Ctrl-C would; it can be resumed.",
        discussion: """
            Turns in flight finish and are written down, then all processes of the run leave. Go on by \
            `coordinator run --resume RUN_DIR`.
            """)

    @OptionGroup var control: ControlOptions

    func run() throws { try control.perform(.stop) }
}
