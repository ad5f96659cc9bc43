import ArgumentParser
import Curl
import GatewayLogic
import Support

/// The llm-gateway's own options.
struct LLMGatewayOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where clients connect: ipc://PATH or tcp://127.0.0.1:PORT.", valueName: "endpoint"))
    var listen: String

    @Option(help: ArgumentHelp("A model server's address; may be given several times.", valueName: "url"))
    var llm: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            File with addresses of model servers, one on each line, plain or as a YAML list; read again when it \
            changes, and on SIGHUP.
            """, valueName: "file"))
    var servers: String?

    @Option(
        help: ArgumentHelp(
            "How often names in addresses are resolved, each address a server of its own; 0 for once.",
            valueName: "seconds"))
    var resolve = 5.0

    @Option(
        help: """
            Model that requests name; by default the one that the servers serve. May be given several times: each \
            server must have one of them, and calls that name none go to the first.
            """)
    var model: [String] = []

    @Option(
        help: ArgumentHelp(
            "File that holds the servers' key; the environment variable GENSIM_LLM_KEY holds it otherwise.",
            valueName: "file"))
    var llmKeyFile: String?

    @Option(help: "Requests in flight at each server; 0 adapts to what the server tells of its load, 128 at most.")
    var window = 0

    @Option(
        help: """
            In which order requests are sent, and where: 'prefix' groups them by what their prompts share, \
            'least-work' and 'round-robin' keep the order of arrival.
            """)
    var policy = PlacementPolicy.prefix

    @Option(help: "Bytes of prompts that may wait.")
    var queueBytes = 256 << 20

    @Option(help: "Bytes of answers that are kept until they are durable.")
    var memoBytes = 256 << 20

    @Option(help: "Bytes of answers to deterministic requests that are remembered for whoever asks the same.")
    var sharedBytes = 64 << 20

    @Option(help: ArgumentHelp("How long they are remembered.", valueName: "seconds"))
    var sharedAge = 600.0

    @Option(
        help: ArgumentHelp(
            "How long a call lives on whose host is gone, so that its successor gets the answer: lease and grace.",
            valueName: "seconds"))
    var orphanGrace = 30.0

    @Option(help: "Answers that a call may have rejected before it fails, where its run allows more.")
    var maxAttempts = 16

    @Option(help: ArgumentHelp("Time until a caller is told to ask again.", valueName: "seconds"))
    var deadline = 600.0

    @Option(help: ArgumentHelp("Time that one try at a server may take.", valueName: "seconds"))
    var requestTimeout = 300.0

    func validate() throws {
        guard !llm.isEmpty || servers != nil else {
            throw ValidationError("give at least one --llm URL, or --servers FILE")
        }
        guard resolve == 0 || (0.1...86_400).contains(resolve) else {
            throw ValidationError("--resolve takes 0, or 0.1 to 86400 seconds")
        }
        guard (0...100_000).contains(window) else { throw ValidationError("--window takes 0 to 100000") }
        guard (1...16).contains(maxAttempts) else { throw ValidationError("--max-attempts takes 1 to 16") }
        guard queueBytes > 0, memoBytes > 0, sharedBytes >= 0 else {
            throw ValidationError("--queue-bytes and --memo-bytes take positive numbers, --shared-bytes 0 or more")
        }
        for (name, seconds) in [
            ("--deadline", deadline), ("--request-timeout", requestTimeout), ("--orphan-grace", orphanGrace),
            ("--shared-age", sharedAge),
        ] {
            guard seconds > 0, seconds <= 86_400 else {
                throw ValidationError("\(name) takes a number of seconds up to 86400")
            }
        }
    }

    /// The limits that these options set.
    var limits: GatewayLimits {
        var limits = GatewayLimits()
        limits.queue.bytes = queueBytes
        limits.fleet.fixedWindow = window
        limits.sharedBytes = sharedBytes
        limits.sharedAge = .seconds(sharedAge)
        limits.orphanGrace = .seconds(orphanGrace)
        limits.memoBytes = memoBytes
        limits.maxAttempts = maxAttempts
        limits.deadline = .seconds(deadline)
        limits.requestTimeout = .seconds(requestTimeout)
        return limits
    }

    /// Where servers are learnt of beside `--llm`.
    func sources() throws(UserError) -> ServerSources { try ServerSources(file: servers, resolve: resolve) }

    /// How the servers are reached, with the key from its file or the environment.
    func access() throws(UserError) -> ServerAccess {
        try ServerAccess(urls: llm, key: try ServerAccess.key(file: llmKeyFile, names: Self.names), names: Self.names)
    }

    static let names = ServerAccess.Names(
        urlOption: "--llm", keyOption: "--llm-key-file", keyVariable: "GENSIM_LLM_KEY")
}

extension PlacementPolicy: ExpressibleByArgument {}
