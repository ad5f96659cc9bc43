import ArgumentParser
import Glibc
import ServiceRuntime
import Support
import Transport
import Wire

/// Which llm-gateway a command talks to: that of a run that is played, or one by its endpoint.
struct GatewayAccess: ParsableArguments {
    @Argument(help: ArgumentHelp("The folder of a run that is played, whose gateway is meant.", valueName: "run-dir"))
    var runDir: String?

    @Option(
        help: ArgumentHelp(
            "The gateway's endpoint, ipc://PATH or tcp://HOST:PORT, instead of a run's folder.", valueName: "endpoint"))
    var gateway: String?

    /// How long the gateway may take to answer what it knows.
    static let shortLimit = Span.seconds(10)
    /// How long its servers may take to load an adapter; longer than it waits for them.
    static let longLimit = Span.seconds(300)

    func validate() throws {
        guard (runDir == nil) != (gateway == nil) else {
            throw ValidationError("name the folder of a run that is played, or --gateway ENDPOINT")
        }
        if let gateway, !gateway.hasPrefix("ipc://"), !gateway.hasPrefix("tcp://") {
            throw ValidationError("`\(gateway)` is no endpoint: give ipc://PATH or tcp://HOST:PORT")
        }
    }

    /// The gateway's endpoint.
    func endpoint() throws(UserError) -> String {
        if let gateway { return gateway }
        let shown = runDir ?? ""
        let folder = try RunFolder.ofExistingRun(shown)
        guard let file = try RunFile.read(from: folder.path), file.isAlive else {
            throw UserError(
                "nobody plays this run, so that it has no gateway", at: shown,
                advice: "go on with it by `coordinator run --resume \(shown)`, or name a gateway by --gateway",
                exitCode: .unavailable)
        }
        guard let endpoint = file.endpoints[ServiceNames.llmGateway] else {
            throw UserError(
                "the run's file names no llm-gateway", at: "\(folder.path)/\(RunFile.name)",
                advice: "name the gateway by --gateway", exitCode: .dataError)
        }
        return endpoint
    }

    /// Asks the gateway once; `text` of the answer goes to standard output, and then `check` may complain about it.
    func ask<Reply: WireMessage & Sendable>(
        _ message: some WireMessage & Sendable, expecting: Reply.Type, limit: Span, _ options: ServiceOptions,
        text: @escaping @Sendable (Reply) -> String, check: @escaping @Sendable (Reply) throws(UserError) -> Void
    ) throws {
        let access = self
        try Service.run(role: "coordinator", options: options, defaultLevel: .warning) { context in
            let endpoint = try access.endpoint()
            let node = try TransportNode(name: "gateway.net", clock: context.clock)
            defer { node.close() }
            // Tells one such conversation from another; no result depends on it.
            let introduction = PeerIntroduction(
                role: "control", name: "control-\(getpid())", incarnation: UInt64.random(in: 1...UInt64.max))
            let client = WireClient(try node.connect(endpoint, introduction: introduction))
            let reply = try await within(limit, at: endpoint) {
                do {
                    return try await client.request(message, expecting: Reply.self)
                } catch let problem as Problem where [.notFound, .invalid].contains(problem.code) {
                    // The person meant something else.
                    throw UserError(problem.what, at: endpoint, advice: problem.advice, exitCode: .usage)
                }
            }
            StandardOutput.write(text(reply))
            try check(reply)
        }
    }
}
