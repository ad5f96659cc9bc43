import ArgumentParser
import Foundation
import Glibc
import Support

/// The command line of the emulator.
public struct LLMEmulatorCommand: ParsableCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "llm-emulator",
        abstract: "Imitates an LLM or embedding server, without a model: for tests, dry runs and benchmarks.",
        discussion: "Every answer follows from the seed and the request. See services/llm-emulator/README.md.")

    @Option(help: "Address to listen on; port 0 takes a free one. Further servers take the ports behind it.")
    var listen = "127.0.0.1:0"
    @Option(help: "File that gets the address as HOST:PORT once all servers listen, a line for each.") var portFile:
        String?
    @Option(help: "Servers in this process, each with its own port, GPU, faults and counters.") var servers = 1
    @Option(help: "Threads that serve them.") var threads = 2
    @Option(help: "How choices are made: seeded, sampled (by probabilities), max (the last) or first.") var policy =
        ChoicePolicy.seeded
    @Option(help: "Seed of all answers and vectors.") var seed: UInt64 = 0
    @Option(help: "Time to serve a request, as 250us, 20ms or 1.5s.") var latency = "0"
    @Option(help: "Requests served at once; 0 for any number. More wait in order.") var parallel = 0
    @Option(
        help: "JSON file that says what the GPU can do: requests take its time, and share its batches and memory.")
    var gpuModel: String?
    @Option(help: "Seconds of the GPU in one second of the clock.") var speed = 1.0
    @Option(help: "Server to imitate: vllm, vllm-old, sglang, llamacpp, openai, tei or original.")
    var engine = EmulatedEngine.vllm
    @Option(help: "Components of an embedding.") var dim = 768
    @OptionGroup(title: "Embedding") var embedding: EmbeddingArguments
    @Option(help: "Name of a served model; may be repeated. The first is meant where a request names none.")
    var model = ["emulator"]
    @Option(help: "Most tokens of a prompt with its answer.") var context = 32_768
    @Option(help: "Tokens of a free-text answer, as 24-40.") var replyTokens = "24-40"
    @Option(
        help: """
            Probability of a fault, as KIND=P, or SERVER:KIND=P for one server, counted from 0; may be repeated. \
            Kinds: 429, 500, reset, half, garbage, wrong-choice, null, hang, unconstrained.
            """)
    var faultRate: [String] = []
    @Option(help: "Seed of the faults.") var faultSeed: UInt64 = 0
    @Option(help: "How many of the first times that a request is seen may be struck.") var faultRepeat = 1
    @Option(help: "Seconds in the Retry-After of a 429.") var retryAfter = 1
    @Option(
        help: """
            File that gets a line for each chat request that was served: when, which call, which request, delivered \
            or not.
            """)
    var served: String?
    @Option(help: "File with a number: while it is there, finish nothing once so many chat requests were answered.")
    var hold: String?
    @Option(help: "File descriptor whose end of file ends the emulator.") var lifelineFd: Int32?

    /// For the argument parser.
    public init() {}

    /// Checks the arguments before anything is started.
    public func validate() throws { _ = try options() }

    /// Serves until the lifeline ends or a signal comes. Call it on the main thread, before any other thread exists.
    public func run() throws {
        do {
            let log = try served.map { path throws(UserError) in try ServedLog(path: path) }
            let signals = try SignalWatcher { signal in
                log?.flush()
                _exit(128 + signal)
            }
            defer { signals.stop() }
            let (options, threads, portFile, lifeline) = (try self.options(), threads, portFile, lifelineFd)
            let (done, failure) = (try EventFD(), Guarded<(any Error)?>(nil))
            Task {
                do { try await Self.serve(options, threads, log, portFile, lifeline) } catch {
                    failure.withLock { $0 = error }
                }
                done.signal()
            }
            var polled = pollfd(fd: done.descriptor, events: Int16(POLLIN), revents: 0)
            while polled.revents == 0 { _ = poll(&polled, 1, -1) }
            if let error = failure.withLock({ $0 }) { throw error }
        } catch let error as UserError {
            FileHandle.standardError.write(Data("llm-emulator: \(error)\n".utf8))
            throw ExitCode(error.exitCode.rawValue)
        }
    }

    private static func serve(
        _ options: [EmulatorOptions], _ threads: Int, _ log: ServedLog?, _ portFile: String?, _ lifeline: Int32?
    ) async throws {
        let fleet = try await EmulatorFleet.start(options, threads: threads, log: log)
        let addresses = fleet.servers.map(\.address)
        if let portFile {
            try EmulatorFiles.write(addresses.joined(separator: "\n"), to: portFile)
        }
        for address in addresses { print("listening on http://\(address)") }
        fflush(nil)
        if let lifeline {
            await LifelineWatch.untilEnd(of: lifeline)
            try await fleet.stop()
        } else {
            try await fleet.waitUntilStopped()
        }
    }
}
