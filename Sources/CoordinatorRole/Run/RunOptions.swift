import ArgumentParser
import Support

/// What `coordinator run` is told.
struct RunOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The configuration, a YAML file. Not with --resume.", valueName: "config"))
    var config: String?

    @Option(help: ArgumentHelp("Folder for the run; by default runs/NAME-001 and so on.", valueName: "dir"))
    var runDir: String?

    @Option(help: ArgumentHelp("Go on with the run in this folder, from what the folder holds.", valueName: "dir"))
    var resume: String?

    @Option(help: "Rounds in all; when resuming, the new total.")
    var rounds: UInt32?

    @Option(help: "Seed of every draw, instead of the configuration's.")
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "Another number of agents: a total, in the configuration's ratio of types, or TYPE=N,TYPE=N.",
            valueName: "agents"))
    var agents: String?

    @Option(help: "Partitions that agents are spread over, instead of the configuration's.")
    var partitions: UInt32?

    @Option(help: "Number of agent-hosts.")
    var hosts: Int?

    @Option(
        help: ArgumentHelp(
            "Time after which a host that is not heard of loses its partitions to others, 1 to 600.",
            valueName: "seconds"))
    var lease: UInt32 = 6

    @Option(
        help: ArgumentHelp(
            "Address of an LLM server; may be repeated. `emulator` starts one that needs no model.", valueName: "url"))
    var llm: [String] = []

    @Option(
        help: ArgumentHelp(
            "Address of an embedding server. `emulator` starts one, and --llm emulator brings its own.",
            valueName: "url"))
    var embedding: String?

    @Option(help: "Name of the chat model, where a server has several.")
    var model: String?

    @Option(help: "Name of the embedding model, where a server has several.")
    var embeddingModel: String?

    @Option(
        help: ArgumentHelp("File with the LLM servers' key; else the environment's GENSIM_LLM_KEY.", valueName: "file"))
    var llmKeyFile: String?

    @Option(
        help: ArgumentHelp(
            "Start the chat and embedding servers of this folder, which Scripts/models prepared.", valueName: "dir"))
    var localModels: String?

    @Option(
        help: ArgumentHelp(
            """
            Folder where vectors are kept for the next run, or none; by default gensim/vectors in XDG_CACHE_HOME or \
            ~/.cache.
            """, valueName: "dir"))
    var vectorCache: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Further arguments of the emulator, in one word: '--policy max --latency 20ms'.", valueName: "arguments"))
    var emulatorArgs: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Further arguments of a service, in one word: 'agent-host --memory-bytes 1000000000'; may be repeated.",
            valueName: "service arguments"))
    var serviceArgs: [String] = []

    @Option(
        help: ArgumentHelp(
            "Folder of sockets where the other processes were started by somebody else.", valueName: "dir"))
    var sockets: String?

    @Flag(help: "Check everything, say how many calls and tokens to expect, and leave nothing behind.")
    var dryRun = false

    @Flag(help: "One JSON object on one line of standard output at the end.")
    var json = false

    @Flag(help: "No progress on standard error.")
    var quiet = false

    @Flag(help: "Keep the recording in memory, to measure what durability costs: nothing is left of such a run.")
    var noRecording = false

    func validate() throws {
        guard (config == nil) != (resume == nil) else {
            throw ValidationError("name a configuration to start a run, or --resume DIR to go on with one")
        }
        if let hosts, !(1...1024).contains(hosts) { throw ValidationError("--hosts takes 1 to 1024") }
        guard (1...600).contains(lease) else { throw ValidationError("--lease takes 1 to 600") }
        if let partitions, !(1...65_536).contains(partitions) {
            throw ValidationError("--partitions takes 1 to 65536")
        }
        if let rounds, !(1...1_000_000).contains(rounds) {
            throw ValidationError("--rounds takes 1 to 1000000")
        }
        for url in llm + [embedding].compactMap({ $0 }) where !Self.isServer(url) {
            throw ValidationError("`\(url)` is no server: give http://HOST:PORT, https://HOST, or emulator")
        }
        if llm.contains(Self.emulator) && llm.count > 1 {
            throw ValidationError("--llm emulator stands alone")
        }
        if localModels != nil && (!llm.isEmpty || embedding != nil || model != nil || embeddingModel != nil) {
            throw ValidationError("--local-models brings both servers: leave out --llm, --embedding and model names")
        }
        if emulatorArgs != nil && !llm.contains(Self.emulator) && embedding != Self.emulator && resume == nil {
            throw ValidationError("--emulator-args needs --llm emulator or --embedding emulator")
        }
        if sockets != nil && (!llm.isEmpty || embedding != nil || localModels != nil) {
            throw ValidationError("with --sockets the gateways know their servers: leave out --llm and --embedding")
        }
        if sockets != nil && !serviceArgs.isEmpty {
            throw ValidationError("with --sockets the services have their arguments already: leave out --service-args")
        }
        guard argumentsOfServices.keys.allSatisfy(ServiceNames.started.contains) else {
            throw ValidationError("--service-args begins with one of \(ServiceNames.started.joined(separator: ", "))")
        }
        try validateForResume()
        if resume == nil && sockets == nil && llm.isEmpty && localModels == nil {
            throw ValidationError("name the model servers: --llm URL --embedding URL, or --llm emulator for none")
        }
    }

    /// What is fixed when a run starts cannot be changed later.
    private func validateForResume() throws {
        guard let resume else { return }
        let fixed: [(String, Bool)] = [
            ("--run-dir", runDir != nil), ("--seed", seed != nil), ("--agents", agents != nil),
            ("--partitions", partitions != nil), ("--model", model != nil),
            ("--embedding-model", embeddingModel != nil), ("--dry-run", dryRun), ("--no-recording", noRecording),
        ]
        guard let (name, _) = fixed.first(where: { $0.1 }) else { return }
        throw ValidationError(
            "\(name) cannot be given with --resume \(resume): it is fixed when a run starts; "
                + "--llm, --embedding, --local-models, --hosts and --rounds may be given anew")
    }

    /// The word for our own emulator.
    static let emulator = "emulator"

    /// Whether a text names a model server.
    static func isServer(_ text: String) -> Bool {
        text == emulator || text.hasPrefix("http://") || text.hasPrefix("https://")
    }

    /// Further arguments of our services, by name.
    var argumentsOfServices: [String: [String]] {
        serviceArgs.reduce(into: [:]) { all, text in
            let words = text.split(separator: " ").map(String.init)
            all[words.first ?? "", default: []] += words.dropFirst()
        }
    }

    /// The word for doing without.
    static let none = "none"

    /// Where vectors are kept for the next run; nil for nowhere.
    func vectorFolder(environment: [String: String]) -> String? {
        if let vectorCache { return vectorCache == Self.none ? nil : FilePaths.absolute(vectorCache) }
        let caches = [environment["XDG_CACHE_HOME"], environment["HOME"].map { "\($0)/.cache" }]
        // A relative one counts for none, as the XDG specification has it.
        return caches.compactMap { $0 }.first { $0.hasPrefix("/") }.map { "\($0)/gensim/vectors" }
    }

    /// The model servers, those of an earlier start where nothing is given anew.
    func servers(before: RunFile.Servers?) -> RunFile.Servers {
        var servers = before ?? RunFile.Servers()
        if let localModels { servers = RunFile.Servers(localModels: FilePaths.absolute(localModels)) }
        if !llm.isEmpty {
            servers.llm = llm
            servers.localModels = nil
            // A key was given for the servers of then: other servers never get it.
            servers.keyFile = nil
            if llm == [Self.emulator] { servers.embedding = nil }
        }
        if let embedding { servers.embedding = embedding }
        if let emulatorArgs { servers.emulatorArguments = emulatorArgs.split(separator: " ").map(String.init) }
        if let llmKeyFile { servers.keyFile = FilePaths.absolute(llmKeyFile) }
        return servers
    }
}
