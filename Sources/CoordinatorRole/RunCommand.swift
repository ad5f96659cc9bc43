import ArgumentParser
import Foundation
import Glibc
import MetricsServer
import ServiceRuntime
import Support

/// `coordinator run`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Plays a run, or goes on with one.",
        discussion: """
            Starts all processes on this machine, plays the rounds, and takes the processes down again. Progress goes \
            to standard error, results to standard output.

            A first look, without any model:
              coordinator run Configs/quickstart.yaml --llm emulator
            What would it cost?
              coordinator run Configs/job-market.yaml --llm emulator --dry-run
            Servers of your own; a key comes from a file or from GENSIM_LLM_KEY:
              coordinator run Configs/job-market.yaml --llm http://127.0.0.1:8000 --embedding http://127.0.0.1:8001
            More agents on several hosts, in a folder of your choice:
              coordinator run Configs/job-market.yaml --llm http://gpu:8000 --embedding http://gpu:8001 \\
                --agents 1000 --hosts 4 --run-dir runs/large
            Go on after a stop, or play more rounds than were planned:
              coordinator run --resume runs/large --rounds 5

            Ctrl-C once finishes what commits and stops; the run can be resumed (exit code 130). Ctrl-C twice stops \
            now, which loses no committed turn either. A run that fails says why, and can be resumed, too.
            """)

    @OptionGroup var options: RunOptions
    @OptionGroup var metrics: MetricsOptions
    @OptionGroup var service: ServiceOptions

    func run() throws {
        let (options, metrics, setting) = (options, metrics.plan, ProgramSetting.current)
        let emergency = Emergency()
        // A person at a terminal reads progress, not a log: by itself it logs only what needs attention.
        try Service.run(
            role: "coordinator", options: service, defaultLevel: .warning, immediate: { emergency.act() }
        ) { context in
            try await RunSession(
                options: options, context: context, environment: ProcessInfo.processInfo.environment, metrics: metrics,
                emergency: emergency, setting: setting
            ).run()
        }
    }
}
