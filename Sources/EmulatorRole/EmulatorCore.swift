import GPUEmulation
import Hashing
import JSON
import Support

/// The emulated server without its sockets: requests in, replies out. Confined to one event loop.
final class EmulatorCore {
    let options: EmulatorOptions
    var queue: SlotQueue
    /// The GPU that requests wait for instead of a slot, where the server has one.
    var gpu: EmulatedGPU?
    var models: ServedModels
    var statistics = CallStatistics()
    var faults: FaultPlan
    var vectors: EmbeddingVectors
    let policy: AnswerPolicy

    /// A server whose time begins at this instant of its owner's clock.
    init(_ options: EmulatorOptions, now: Instant = Instant(nanoseconds: 0)) {
        self.options = options
        queue = SlotQueue(slots: options.parallel)
        gpu = options.gpu.map { EmulatedGPU($0, speed: options.speed, origin: now) }
        models = ServedModels(options.models)
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
            case .decisions: return try decisions(body)
            case .embeddings: return try embeddings(body)
            case .embed: return try embed(body)
            case .encode: return try encode(body)
            case .tokenize: return .json(try tokenize(body))
            case .inputTokens: return .json(try inputTokens(body))
            case .loadAdapter, .sglangLoadAdapter: return try loadAdapter(body)
            case .unloadAdapter, .sglangUnloadAdapter: return try unloadAdapter(body)
            case .metrics: return EmulatorReply(status: 200, contentType: "text/plain; version=0.0.4", body: metrics())
            case .slots:
                let full = slotLimit > 0 && load.running >= slotLimit
                guard !full || !query.contains("fail_on_no_slot") else {
                    throw Refusal(status: 503, message: "no slot available", kind: .overloaded)
                }
                return .json(slots())
            case .stats: return .json(statistics.body(engine: options.engine, load: load, gpu: gpu))
            default: return .json(information(endpoint))
            }
        } catch {
            return .refusal(error, engine: options.engine)
        }
    }

    private func chat(_ body: [UInt8]) throws(Refusal) -> EmulatorReply {
        let request = try ChatRequest(parsing: body, engine: options.engine, models: models)
        let digest = request.digest
        var answer = try policy.answer(request, digest: digest)
        let fault = faults.draw(digest) { !$0.isOfConstraint || request.constraint != .none }
        if fault == .unconstrained {
            var free = request
            free.constraint = .none
            answer = try policy.answer(free, digest: digest)
        }
        var content: String? = answer.content
        if fault == .null { content = nil }
        if fault == .wrongChoice { content = Self.outside(request.constraint) }
        var writer = ChatReplyWriter(engine: options.engine)
        if let top = request.topLogprobs, let content {
            writer.logprobs = logprobs(of: content, request, isConstrained: fault == nil, digest: digest, top: top)
        }
        guard let gpu = options.gpu else {
            return struck(by: fault) {
                writer.body(content: content, answer: answer, model: request.model, digest: digest)
            }
        }
        var isWritten = false
        var reply = struck(by: fault) {
            isWritten = true
            return []
        }
        if isWritten {
            reply.late = EmulatorReply.LateChat(
                writer: writer, content: content, answer: answer, model: request.model, digest: digest)
        }
        reply.work = GPUWork(
            promptTokens: answer.promptTokens, answerTokens: max(1, answer.completionTokens),
            blocks: gpu.prefixCache
                ? PromptBlocks.hashes(
                    request.messages, scope: [request.model, request.cacheSalt ?? ""], blockTokens: gpu.blockTokens)
                : [])
        return reply
    }

    private func logprobs(
        of content: String, _ request: ChatRequest, isConstrained: Bool, digest: Digest128, top: Int
    ) -> [TokenLogprobs.Place] {
        if isConstrained, let distribution = policy.distribution(request) {
            return TokenLogprobs.places(of: content, from: distribution, top: top)
        }
        let seed = HashBuilder.hash64(.emulatorWeight) { builder in
            builder.append(options.seed)
            builder.append(digest)
        }
        return TokenLogprobs.places(of: content, seed: seed, top: top)
    }

    /// A well-formed text that the constraint does not allow.
    private static func outside(_ constraint: Constraint) -> String {
        guard case .choices(let choices) = constraint else { return "{\"outside\":[null]}" }
        var text = "none of these"
        while choices.contains(text) { text += " either" }
        return text
    }
}
