import Hashing
import MessagePack
import Model

/// What a run may have of a gateway that it shares with others. Nothing of it can change an answer.
public struct CallTerms: Hashable, Sendable, Packable {
    /// Higher goes first; 0 to 9.
    public var priority: UInt8
    /// The run's share of the servers' tokens, relative to the other runs'; 1 to 1000.
    public var weight: UInt32
    /// Requests of the run that may be in flight at the servers; 0 for as many as there is room.
    public var inFlight: UInt32

    /// Terms; by default all runs are equal and may use what there is.
    public init(priority: UInt8 = 4, weight: UInt32 = 100, inFlight: UInt32 = 0) {
        self.priority = priority
        self.weight = weight
        self.inFlight = inFlight
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        packer.pack(UInt64(priority))
        packer.pack(UInt64(weight))
        packer.pack(UInt64(inFlight))
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("call terms", count: 3)
        let (priority, weight) = (try unpacker.readUInt32(), try unpacker.readUInt32())
        guard priority <= 9 else { throw DecodingFailure.range("priority") }
        guard (1...1000).contains(weight) else { throw DecodingFailure.range("weight") }
        self.init(priority: UInt8(priority), weight: weight, inFlight: try unpacker.readUInt32())
    }
}

/// Host to llm-gateway: get an answer. Answered by `Completed` or `RequestFailed`.
public struct Complete: WireMessage {
    public static let kind = WireKind.complete
    /// Version 2 added the terms, version 3 specs that want the probabilities of choices, version 4 those that ask how
    /// many tokens a prompt has.
    public static let version = 4
    public static let fieldCount = 5
    /// The run's scope, see ``HostAccepted``: for accounting and fairness, and a part of the key of the answer.
    public var run: String
    /// The call. With the spec's hash it is the key under which the answer is kept.
    public var call: CallID
    /// Seeds of the attempts, one for each that is allowed.
    public var seeds: [UInt64]
    /// What to ask.
    public var spec: CompletionSpec
    /// How the run shares the servers with others.
    public var terms: CallTerms

    /// A request for an answer.
    public init(run: String, call: CallID, seeds: [UInt64], spec: CompletionSpec, terms: CallTerms = CallTerms()) {
        self.run = run
        self.call = call
        self.seeds = seeds
        self.spec = spec
        self.terms = terms
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(run)
        call.pack(into: &packer)
        packer.packArray(count: seeds.count)
        for seed in seeds { packer.pack(seed) }
        spec.pack(into: &packer)
        terms.pack(into: &packer)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        run = try unpacker.readString()
        call = try CallID(from: &unpacker)
        let count = try unpacker.readArrayHeader()
        guard (1...16).contains(count) else { throw DecodingFailure.range("number of attempts") }
        seeds = []
        for _ in 0..<count { seeds.append(try unpacker.readUInt()) }
        spec = try CompletionSpec(from: &unpacker)
        terms = try CallTerms(from: &unpacker)
    }
}

/// Llm-gateway to host: how the call ended.
public struct Completed: WireMessage {
    public static let kind = WireKind.completed
    /// Version 2 added outcomes with the distribution that they were drawn from.
    public static let version = 2
    public static let fieldCount = 1
    /// The accepted answer or honest rejection.
    public var outcome: CompletionOutcome

    /// The end of a call.
    public init(outcome: CompletionOutcome) { self.outcome = outcome }
    public func packFields(into packer: inout Packer) { outcome.pack(into: &packer) }
    public init(fields unpacker: inout Unpacker, version: Int) throws {
        outcome = try CompletionOutcome(from: &unpacker)
    }
}

/// Host to llm-gateway, one way: these outcomes are durable, their answers need not be kept.
public struct ReleaseOutcomes: WireMessage {
    public static let kind = WireKind.releaseOutcomes
    public static let fieldCount = 2
    /// The run's scope; identities of calls are free of it, so that two runs may have the same.
    public var run: String
    /// The calls.
    public var calls: [CallID]

    /// A release.
    public init(run: String, calls: [CallID]) {
        self.run = run
        self.calls = calls
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(run)
        packer.pack(calls)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        run = try unpacker.readString()
        calls = try unpacker.readList()
    }
}

/// To llm-gateway, one way: nobody will want these calls' answers. What is under way of them is given up at the
/// servers, too.
public struct CancelCalls: WireMessage {
    public static let kind = WireKind.cancelCalls
    public static let fieldCount = 2
    /// The run's scope.
    public var run: String
    /// The calls; none for all of the run.
    public var calls: [CallID]

    /// A cancellation.
    public init(run: String, calls: [CallID]) {
        self.run = run
        self.calls = calls
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(run)
        packer.pack(calls)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        run = try unpacker.readString()
        calls = try unpacker.readList()
    }
}

/// A request without fields. One shape for several kinds.
public struct BareRequest<Tag: HostStepTag>: WireMessage {
    public static var kind: WireKind { Tag.kind }
    public static var fieldCount: Int { 0 }
    public static var sizeLimit: Int { WireLimits.small }

    /// The request.
    public init() {}
    public func packFields(into packer: inout Packer) {}
    public init(fields unpacker: inout Unpacker, version: Int) throws {}
}

/// Tags of requests without fields.
public enum BareRequests {
    /// What stands behind the llm-gateway?
    public enum Models: HostStepTag { public static let kind = WireKind.describeModels }
    /// Which servers are behind the llm-gateway, and how are they?
    public enum Servers: HostStepTag { public static let kind = WireKind.listServers }
    /// What stands behind the embedding-gateway?
    public enum Embedding: HostStepTag { public static let kind = WireKind.describeEmbedding }
    /// How is the run doing?
    public enum Status: HostStepTag { public static let kind = WireKind.requestStatus }
    /// What does the recorder hold?
    public enum LoadRun: HostStepTag { public static let kind = WireKind.loadRun }
    /// What happened in the run so far?
    public enum Summarize: HostStepTag { public static let kind = WireKind.summarize }
}

/// Ask what stands behind the llm-gateway; answered by `ModelsDescribed`.
public typealias DescribeModels = BareRequest<BareRequests.Models>
/// Ask what stands behind the embedding-gateway; answered by `EmbeddingDescribed`.
public typealias DescribeEmbedding = BareRequest<BareRequests.Embedding>

/// One model server as probed.
public struct BackendDescription: Hashable, Packable {
    /// Its address, without credentials.
    public var url: String
    /// The engine: vllm, sglang, llamacpp, openai.
    public var engine: String
    /// The engine's version, empty when unknown.
    public var version: String
    /// The model that it serves.
    public var model: String
    /// Tokens of context for one request, 0 when unknown.
    public var contextTokens: UInt32
    /// Requests kept in flight there at most.
    public var window: UInt32
    /// Tokens of the yardstick, a fixed text, as the server counts them; 0 where it counts none.
    public var yardstick: UInt32

    /// A server's description.
    public init(
        url: String, engine: String, version: String, model: String, contextTokens: UInt32, window: UInt32,
        yardstick: UInt32 = 0
    ) {
        self.url = url
        self.engine = engine
        self.version = version
        self.model = model
        self.contextTokens = contextTokens
        self.window = window
        self.yardstick = yardstick
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 7)
        for text in [url, engine, version, model] { packer.pack(text) }
        packer.pack(UInt64(contextTokens))
        packer.pack(UInt64(window))
        packer.pack(UInt64(yardstick))
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("backend", count: 7)
        self.init(
            url: try unpacker.readString(), engine: try unpacker.readString(), version: try unpacker.readString(),
            model: try unpacker.readString(), contextTokens: try unpacker.readUInt32(),
            window: try unpacker.readUInt32(), yardstick: try unpacker.readUInt32())
    }
}

/// Llm-gateway's answer to `DescribeModels`.
public struct ModelsDescribed: WireMessage {
    public static let kind = WireKind.modelsDescribed
    /// Version 2 added how each server counts tokens.
    public static let version = 2
    public static let fieldCount = 1
    /// Every server that answered its probe.
    public var backends: [BackendDescription]

    /// A description.
    public init(backends: [BackendDescription]) { self.backends = backends }
    public func packFields(into packer: inout Packer) { packer.pack(backends) }
    public init(fields unpacker: inout Unpacker, version: Int) throws { backends = try unpacker.readList() }
}

/// Host or coordinator to embedding-gateway: vectors of these texts. Answered by `Embedded`.
public struct Embed: WireMessage {
    public static let kind = WireKind.embed
    public static let version = 2
    public static let fieldCount = 2
    /// The texts.
    public var texts: [String]
    /// How the vectors are to be written.
    public var format: VectorFormat

    /// A request for vectors.
    public init(texts: [String], format: VectorFormat = .float16) {
        self.texts = texts
        self.format = format
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(texts)
        format.pack(into: &packer)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        texts = try unpacker.readStrings()
        format = try VectorFormat(from: &unpacker)
    }
}

/// Embedding-gateway's answer: unit vectors in the format that was asked for, one for each text, in order.
public struct Embedded: WireMessage {
    public static let kind = WireKind.embedded
    public static let fieldCount = 2
    public static let sizeLimit = WireLimits.bulk
    /// The model.
    public var model: String
    /// The vectors.
    public var vectors: [[UInt8]]

    /// Vectors of a request's texts.
    public init(model: String, vectors: [[UInt8]]) {
        self.model = model
        self.vectors = vectors
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(model)
        packer.packArray(count: vectors.count)
        for vector in vectors { packer.packBinary(vector) }
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        model = try unpacker.readString()
        let count = try unpacker.readArrayHeader()
        vectors = []
        for _ in 0..<count { vectors.append(try unpacker.readBinary()) }
    }
}

/// Embedding-gateway's answer to `DescribeEmbedding`.
public struct EmbeddingDescribed: WireMessage {
    public static let kind = WireKind.embeddingDescribed
    public static let fieldCount = 3
    public static let sizeLimit = WireLimits.small
    /// The model's name.
    public var model: String
    /// Numbers in a vector.
    public var dimension: UInt32
    /// The interface spoken: openai, tei, gensim.
    public var engine: String

    /// A description.
    public init(model: String, dimension: UInt32, engine: String) {
        self.model = model
        self.dimension = dimension
        self.engine = engine
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(model)
        packer.pack(UInt64(dimension))
        packer.pack(engine)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        model = try unpacker.readString()
        dimension = try unpacker.readUInt32()
        engine = try unpacker.readString()
    }
}
