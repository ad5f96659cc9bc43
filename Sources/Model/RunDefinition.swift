import Hashing
import MessagePack

/// Everything that is fixed when a run starts: durable before any lease, refused when it differs on resume or in a
/// joining host. A run is self-contained: with these bytes and the files they name it can be repeated.
public struct RunDefinition: Hashable, Sendable {
    /// A file by content.
    public struct File: Hashable, Sendable {
        /// Path relative to the configuration's folder.
        public var path: String
        /// Content address, see `blobHash`.
        public var hash: Digest256

        /// A file.
        public init(path: String, hash: Digest256) {
            self.path = path
            self.hash = hash
        }
    }

    /// The run's name.
    public var run: String
    /// The seed.
    public var seed: UInt64
    /// Number of partitions, without the environment's.
    public var partitions: UInt32
    /// Version of the program that started the run.
    public var programVersion: String
    /// The effective configuration as YAML text, overrides applied.
    public var configuration: String
    /// Every template and population file, and vectors of the collections, by content.
    public var files: [File]
    /// Model servers as probed at the start: engine, version, model, for the record.
    public var models: [String]
    /// Name of the chat model asked for.
    public var model: String
    /// Tokens of context that every model server offers, 0 when unknown.
    public var contextTokens: UInt32
    /// Tokens of the yardstick, a fixed text, as the model servers count them: different numbers in rising order. Empty
    /// where the run estimates the tokens of its prompts.
    public var yardsticks: [UInt32]
    /// Name of the embedding model, empty when the run needs none.
    public var embeddingModel: String
    /// Numbers in a vector, 0 when the run needs none.
    public var embeddingDimension: UInt32

    /// A definition with these parts.
    public init(
        run: String, seed: UInt64, partitions: UInt32, programVersion: String, configuration: String, files: [File],
        models: [String], model: String, contextTokens: UInt32, yardsticks: [UInt32] = [], embeddingModel: String,
        embeddingDimension: UInt32
    ) {
        self.run = run
        self.seed = seed
        self.partitions = partitions
        self.programVersion = programVersion
        self.configuration = configuration
        self.files = files
        self.models = models
        self.model = model
        self.contextTokens = contextTokens
        self.yardsticks = yardsticks
        self.embeddingModel = embeddingModel
        self.embeddingDimension = embeddingDimension
    }
}

/// Content address of a file.
public func blobHash(_ bytes: [UInt8]) -> Digest256 {
    HashBuilder.hash256(.content) { $0.append(bytes) }
}

extension RunDefinition.File: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 2)
        packer.pack(path)
        packer.pack(hash)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("file", count: 2)
        self.init(path: try unpacker.readString(), hash: try unpacker.readDigest256())
    }
}

extension RunDefinition: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 12)
        packer.pack(run)
        packer.pack(seed)
        packer.pack(UInt64(partitions))
        packer.pack(programVersion)
        packer.pack(configuration)
        packer.pack(files)
        packer.pack(models)
        packer.pack(model)
        packer.pack(UInt64(contextTokens))
        packer.packArray(count: yardsticks.count)
        for yardstick in yardsticks { packer.pack(UInt64(yardstick)) }
        packer.pack(embeddingModel)
        packer.pack(UInt64(embeddingDimension))
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("run definition", count: 12)
        self.init(
            run: try unpacker.readString(), seed: try unpacker.readUInt(), partitions: try unpacker.readUInt32(),
            programVersion: try unpacker.readString(), configuration: try unpacker.readString(),
            files: try unpacker.readList(), models: try unpacker.readStrings(), model: try unpacker.readString(),
            contextTokens: try unpacker.readUInt32(),
            yardsticks: try (0..<(try unpacker.readArrayHeader())).map { _ in try unpacker.readUInt32() },
            embeddingModel: try unpacker.readString(), embeddingDimension: try unpacker.readUInt32())
    }
}
