import ArgumentParser
import Curl
import Support

/// The embedding-gateway's own options.
struct EmbeddingGatewayOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where clients connect: ipc://PATH or tcp://127.0.0.1:PORT.", valueName: "endpoint"))
    var listen: String

    @Option(help: ArgumentHelp("An embedding server's address; may be given several times.", valueName: "url"))
    var embedding: [String]

    @Option(help: "Model that requests name; by default the one that the servers serve.")
    var embeddingModel: String?

    @Option(
        help: ArgumentHelp(
            "File that holds the servers' key; the environment variable GENSIM_EMBEDDING_KEY holds it otherwise.",
            valueName: "file"))
    var embeddingKeyFile: String?

    @Option(help: "Texts in one request at most; how many it holds is measured for each server.")
    var batchTexts = 256

    @Option(help: "Tokens in one request at most, once shorter texts are filled up to the longest.")
    var batchTokens = 16_384

    @Option(help: "Requests in flight at each server at most.")
    var batches = 8

    @Option(help: "Bytes of vectors that are kept in memory.")
    var memoryBytes = 256 << 20

    @Option(
        help: ArgumentHelp(
            "Folder where vectors are kept from one run to the next; several gateways may share it.",
            valueName: "dir"))
    var cache: String?

    @Option(help: "Bytes of vectors that are kept in that folder.")
    var cacheBytes = 1 << 30

    @Option(help: "Bytes of texts that may wait.")
    var queueBytes = 128 << 20

    @Option(help: ArgumentHelp("Time until a caller is told to ask again.", valueName: "seconds"))
    var deadline = 600.0

    @Option(help: ArgumentHelp("Time that one try at a server may take.", valueName: "seconds"))
    var requestTimeout = 120.0

    func validate() throws {
        guard !embedding.isEmpty else { throw ValidationError("give at least one --embedding URL") }
        guard (1...2_048).contains(batchTexts) else { throw ValidationError("--batch-texts takes 1 to 2048") }
        guard (1...1_024).contains(batches) else { throw ValidationError("--batches takes 1 to 1024") }
        guard batchTokens > 0, queueBytes > 0, memoryBytes >= 0, cacheBytes >= 0 else {
            throw ValidationError(
                "--batch-tokens and --queue-bytes take positive numbers, --memory-bytes and --cache-bytes none below 0")
        }
        for (name, seconds) in [("--deadline", deadline), ("--request-timeout", requestTimeout)] {
            guard seconds > 0, seconds <= 86_400 else {
                throw ValidationError("\(name) takes a number of seconds up to 86400")
            }
        }
    }

    /// The limits that these options set.
    var limits: EmbeddingLimits {
        var limits = EmbeddingLimits()
        limits.batchTexts = batchTexts
        limits.batchTokens = batchTokens
        limits.batches = batches
        limits.memoryBytes = memoryBytes
        limits.queueBytes = queueBytes
        limits.deadline = .seconds(deadline)
        limits.requestTimeout = .seconds(requestTimeout)
        return limits
    }

    /// Where vectors outlive the process; nil for nowhere.
    var cacheFolder: VectorFolderSettings? {
        guard let cache, cacheBytes > 0 else { return nil }
        return VectorFolderSettings(folder: cache, bytes: cacheBytes)
    }

    /// How the servers are reached, with the key from its file or the environment.
    func access() throws(UserError) -> ServerAccess {
        try ServerAccess(
            urls: embedding, key: try ServerAccess.key(file: embeddingKeyFile, names: Self.names), names: Self.names)
    }

    private static let names = ServerAccess.Names(
        urlOption: "--embedding", keyOption: "--embedding-key-file", keyVariable: "GENSIM_EMBEDDING_KEY")
}
