import GPUEmulation
import Support

/// What one emulated server is like.
public struct EmulatorOptions: Sendable {
    /// Address to listen on.
    public var host = "127.0.0.1"
    /// Port to listen on; 0 takes a free one.
    public var port = 0
    /// The server that is imitated.
    public var engine = EmulatedEngine.vllm
    /// How choices are made.
    public var policy = ChoicePolicy.seeded
    /// Seed of every answer and vector.
    public var seed: UInt64 = 0
    /// Time that serving a request takes, once it has a slot.
    public var latency = Span(nanoseconds: 0)
    /// Requests served at once; 0 for any number. More wait, first come first served.
    public var parallel = 0
    /// Components of a vector.
    public var dimension = 768
    /// Names of the served models, at least one; the first is meant where a request names none.
    public var models = ["emulator"]
    /// The GPU whose clock requests take; nil where each takes the latency.
    public var gpu: GPUParameters?
    /// Seconds of the GPU in one second of the machine's clock.
    public var speed = 1.0
    /// How long a request for vectors takes; nil for as long as any other.
    public var embeddingCost: EmbeddingCost?
    /// Most texts of one request for vectors; nil for the engine's own number.
    public var embeddingBatch: Int?
    /// Most tokens of a prompt with its answer.
    public var context = 32_768
    /// Tokens of a free-text answer, where the request does not cut it.
    public var replyTokens = 24...40
    /// Probability of each kind of fault; they must not add up to more than 1.
    public var faultRates: [FaultKind: Double] = [:]
    /// Seed of the faults.
    public var faultSeed: UInt64 = 0
    /// How many of the first times that a request is seen may be struck by a fault.
    public var faultRepeat = 1
    /// Seconds in the `Retry-After` of a 429.
    public var retryAfter = 1
    /// A file with a number: while it is there, no request is finished once so many chat requests were answered. It
    /// lets a run stand still in its middle; nil for none.
    public var hold: String?
    /// Most bytes of a request's body.
    public var maximumBody = 8 << 20

    /// The model that is meant where a request names none.
    public var model: String { models.first ?? "" }

    /// A vLLM server on a free port of the loopback, without latency or faults.
    public init() {}
}

/// How the emulator chooses among options.
public enum ChoicePolicy: String, Sendable, CaseIterable {
    /// By a hash of the request.
    case seeded
    /// The last option, the largest number: the most work for a simulation.
    case max
    /// The first option, the smallest number.
    case first
    /// Choices by a distribution of their own for each prompt, as a model has it, at the request's temperature and by
    /// its seed; everything else by a hash of the request.
    case sampled
}
