import Hashing
import Support

/// What goes back to a client, and in which broken way if any.
struct EmulatorReply {
    /// How the reply is delivered.
    enum Delivery {
        /// Whole, as it should be.
        case whole
        /// The head and half of the body, then the connection closes.
        case half
        /// Nothing: the connection is reset.
        case reset
        /// Nothing, until the client closes.
        case never
    }

    var status: Int
    var contentType = "application/json"
    var body: [UInt8]
    /// Seconds of a `Retry-After` header, if there is one.
    var retryAfter: Int?
    var delivery = Delivery.whole
    /// Whether a model would have worked for it: it waits for a slot and takes the latency.
    var isServed = false
    /// How long the model works for it; nil for the server's latency.
    var time: Span?
    /// Whether it is a proper answer, to be counted under the call that asked for it.
    var isAnswer = false
    /// What a GPU has to do for it, where there is one.
    var work: GPUWork?
    /// The chat whose body is written when the GPU is done; nil where the body is there.
    var late: LateChat?

    /// A chat completion that waits for the GPU, which alone knows what its cache held.
    struct LateChat {
        var writer: ChatReplyWriter
        var content: String?
        var answer: AnswerPolicy.Answer
        var model: String
        var digest: Digest128
    }

    static func json(_ body: [UInt8]) -> EmulatorReply { EmulatorReply(status: 200, body: body) }

    static func refusal(_ refusal: Refusal, engine: EmulatedEngine) -> EmulatorReply {
        EmulatorReply(status: refusal.status, body: refusal.body(engine))
    }
}
