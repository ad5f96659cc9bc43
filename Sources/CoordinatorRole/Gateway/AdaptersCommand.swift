import ArgumentParser
import ServiceRuntime
import Support
import Wire

/// `coordinator adapters`.
struct AdaptersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adapters", abstract: "Loads and unloads LoRA adapters on model servers while a run is played.",
        discussion: """
            coordinator adapters load taste@3 /adapters/taste-3 runs/market-001
            coordinator adapters unload taste@2 runs/market-001

            Calls whose model is the adapter's name go to the servers that have it. A new version is a new name. vLLM \
            loads while it runs, when it was started with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True; \
            llama.cpp has what it was started with.
            """,
        subcommands: [LoadAdapter.self, UnloadAdapter.self])
}

/// `coordinator adapters load`.
struct LoadAdapter: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Loads an adapter; servers that are added later load it, too.")

    @Argument(help: ArgumentHelp("What calls name it, with its version: taste@3.", valueName: "name"))
    var name: String

    @Argument(help: ArgumentHelp("Where the servers find it, as they see it.", valueName: "path"))
    var path: String

    @OptionGroup var target: AdapterTarget

    func run() throws { try target.perform(.load, name: name, path: path) }
}

/// `coordinator adapters unload`.
struct UnloadAdapter: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unload", abstract: "Unloads an adapter; calls that still name it fail.")

    @Argument(help: ArgumentHelp("Its name, with its version.", valueName: "name"))
    var name: String

    @OptionGroup var target: AdapterTarget

    func run() throws { try target.perform(.unload, name: name, path: "") }
}

/// On which servers, by which gateway.
struct AdapterTarget: ParsableArguments {
    @Option(help: ArgumentHelp("Only on this server; may be repeated. By default on all.", valueName: "url"))
    var server: [String] = []

    @OptionGroup var access: GatewayAccess
    @OptionGroup var service: ServiceOptions

    func perform(_ command: AdapterCommand, name: String, path: String) throws {
        let word = command == .load ? "loaded" : "unloaded"
        try access.ask(
            ManageAdapter(command: command, name: name, path: path, servers: server), expecting: AdapterManaged.self,
            limit: GatewayAccess.longLimit, service,
            text: { reply in
                reply.results.map { "\($0.url): \(Self.words($0.problem) ?? "\(word) \(name)")\n" }.joined()
            },
            check: { reply throws(UserError) in
                let failed = reply.results.filter { $0.problem != nil }
                guard !failed.isEmpty || reply.results.isEmpty else { return }
                throw UserError(
                    reply.results.isEmpty
                        ? "the gateway has no server"
                        : "not \(word) on \(failed.count) of \(reply.results.count) servers", at: name,
                    advice: "see what each server said", exitCode: .unavailable)
            })
    }

    private static func words(_ problem: Problem?) -> String? {
        guard let problem else { return nil }
        let text = problem.what + (problem.advice.isEmpty ? "" : "; \(problem.advice)")
        return String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.map(Character.init))
    }
}
