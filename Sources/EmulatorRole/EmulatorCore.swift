import Hashing
import JSON

/// The emulated server without its sockets: requests in, replies out. Confined to one event loop.
final class EmulatorCore {
    let options: EmulatorOptions
    var queue: SlotQueue
    var statistics = CallStatistics()
    var faults: FaultPlan
    var vectors: EmbeddingVectors
    private let policy: AnswerPolicy

    init(_ options: EmulatorOptions) {
        self.options = options
        queue = SlotQueue(slots: options.parallel)
        faults = FaultPlan(rates: options.faultRates, seed: options.faultSeed, repeats: options.faultRepeat)
        vectors = EmbeddingVectors(seed: options.seed, dimension: options.dimension)
        policy = AnswerPolicy(
            policy: options.policy, seed: options.seed, replyTokens: options.replyTokens, context: options.context,
            engine: options.engine)
    }

    /// The endpoint of a path, its query left out; nil where the engine has none.
    func endpoint(path: String) -> Endpoint? {
        let path = path.utf8.firstIndex(of: 0x3F).map { String(path[..<$0]) } ?? path
        guard let endpoint = Endpoint(rawValue: path), options.engine.serves(endpoint) else { return nil }
        return endpoint
    }

    /// Answers a request to a known endpoint. A refusal is a reply, never an error.
    func reply(to endpoint: Endpoint, method: String, query: String, body: [UInt8]) -> EmulatorReply {
        guard method == endpoint.method else {
            return .refusal(Refusal(status: 405, message: "Method Not Allowed"), engine: options.engine)
        }
        do throws(Refusal) {
            switch endpoint {
            case .chat: return try chat(body)
            case .embeddings: return try embeddings(body)
            case .embed: return try embed(body)
            case .encode: return try encode(body)
            case .tokenize: return .json(try tokenize(body))
            case .metrics: return EmulatorReply(status: 200, contentType: "text/plain; version=0.0.4", body: metrics())
            case .slots:
                let full = options.parallel > 0 && queue.runningCount >= options.parallel
                guard !full || !query.contains("fail_on_no_slot") else {
                    throw Refusal(status: 503, message: "no slot available", kind: .overloaded)
                }
                return .json(slots())
            case .stats: return .json(statistics.body(engine: options.engine, queue: queue))
            default: return .json(information(endpoint))
            }
        } catch {
            return .refusal(error, engine: options.engine)
        }
    }

    private func chat(_ body: [UInt8]) throws(Refusal) -> EmulatorReply {
        let request = try ChatRequest(parsing: body, engine: options.engine, servedModel: options.model)
        let digest = request.digest
        let answer = try policy.answer(request, digest: digest)
        let fault = faults.draw(digest) { $0 != .wrongChoice || request.constraint != .none }
        var content: String? = answer.content
        if fault == .null { content = nil }
        if fault == .wrongChoice { content = Self.outside(request.constraint) }
        return struck(by: fault) {
            ChatReplyWriter(engine: options.engine).body(
                content: content, answer: answer, model: request.model, digest: digest)
        }
    }

    /// A well-formed text that the constraint does not allow.
    private static func outside(_ constraint: Constraint) -> String {
        guard case .choices(let choices) = constraint else { return "{\"outside\":[null]}" }
        var text = "none of these"
        while choices.contains(text) { text += " either" }
        return text
    }

    /// The reply with this body, or what the fault makes of it.
    func struck(by fault: FaultKind?, _ body: () -> [UInt8]) -> EmulatorReply {
        var reply = EmulatorReply(status: 200, body: [], isServed: true, isAnswer: fault == nil)
        if let fault { statistics.faulted(fault) }
        switch fault {
        case nil, .null, .wrongChoice: reply.body = body()
        case .half:
            reply.body = body()
            reply.delivery = .half
        case .reset: reply.delivery = .reset
        case .hang: reply.delivery = .never
        case .garbage: reply.body = Array("<html><body>upstream said nothing\u{0}</body>".utf8)
        case .internalError:
            let refusal = Refusal(status: 500, message: "the engine failed, as it was told to", kind: .internalError)
            reply.status = 500
            reply.body = refusal.body(options.engine)
        case .tooManyRequests:
            let refusal = Refusal(status: 429, message: "too many requests, as it was told", kind: .overloaded)
            reply = .refusal(refusal, engine: options.engine)
            reply.retryAfter = options.retryAfter
        }
        return reply
    }
}
