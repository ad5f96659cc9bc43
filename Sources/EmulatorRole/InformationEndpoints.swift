import JSON

/// What servers tell about themselves, as far as a client probes it.
extension EmulatorCore {
    /// Slots that llama.cpp reports where their number is not limited.
    static let unlimitedSlots = 256

    var slotCount: Int { slotLimit == 0 ? Self.unlimitedSlots : slotLimit }

    func information(_ endpoint: Endpoint) -> [UInt8] {
        let model = JSONValue.string(options.model)
        let version = JSONValue.string(options.engine.version)
        let context = JSONValue.int(Int64(options.context))
        let object: JSONValue
        switch endpoint {
        case .models: object = modelList
        case .loads: object = loads
        case .health:
            // vLLM, SGLang and TEI answer with an empty body.
            guard options.engine == .llamacpp else { return [] }
            object = ["status": "ok"]
        case .version: object = ["version": version]
        case .props:
            object = [
                "default_generation_settings": ["id": 0, "n_ctx": context], "total_slots": .int(Int64(slotCount)),
                "model_path": model, "build_info": version,
            ]
        case .serverInfo, .oldServerInfo:
            object = [
                "model_path": model, "served_model_name": model, "context_length": context, "version": version,
                "max_running_requests": .int(Int64(slotCount)),
            ]
        case .modelInfo, .oldModelInfo:
            object = ["model_path": model, "tokenizer_path": model, "is_generation": true]
        case .info:
            object = [
                "model_id": model, "model_sha": nil, "model_dtype": "float32",
                "model_type": ["embedding": ["pooling": "mean"]], "max_concurrent_requests": 512,
                "max_input_length": context, "max_batch_tokens": 16_384,
                "max_client_batch_size": .int(Int64(clientBatch)), "version": version,
            ]
        case .embeddingDimension: object = ["embedding_dimension": .int(Int64(options.dimension))]
        default: object = [:]
        }
        return object.serialized()
    }

    /// All models, and behind them the adapters with the model that each belongs to.
    private var modelList: JSONValue {
        let listed = models.names.map { entry($0, root: $0, parent: nil) }
        let adapters = models.adapters.map { entry($0.name, root: $0.path, parent: models.standard) }
        return ["object": "list", "data": .array(listed + adapters)]
    }

    private func entry(_ name: String, root: String, parent: String?) -> JSONValue {
        var model = JSONObject([
            .init(key: "id", value: .string(name)), .init(key: "object", value: "model"),
            .init(key: "created", value: .int(Int64(ChatReplyWriter.created))),
        ])
        let context = JSONValue.int(Int64(options.context))
        switch options.engine {
        case .vllm, .vllmOld, .sglang:
            model["owned_by"] = options.engine == .sglang ? "sglang" : "vllm"
            model["root"] = .string(root)
            if options.engine != .sglang || parent != nil { model["parent"] = parent.map(JSONValue.string) ?? .null }
            model["max_model_len"] = context
        case .llamacpp:
            model["owned_by"] = "llamacpp"
            model["meta"] = ["n_ctx_train": context, "n_embd": .int(Int64(options.dimension))]
        default: model["owned_by"] = "organization-owner"
        }
        return .object(model)
    }

    /// SGLang's load of each of its ranks, of which there is one.
    private var loads: JSONValue {
        let load = load
        let capacity = gpu.map { $0.model.parameters.blockCount * $0.model.parameters.blockTokens } ?? 0
        let used = gpu.map { $0.model.heldBlocks * $0.model.parameters.blockTokens } ?? 0
        let usage = JSONValue.double(gpu?.model.kvUsage ?? 0)
        let rank: JSONValue = [
            "dp_rank": 0, "num_running_reqs": .int(Int64(load.running)), "num_waiting_reqs": .int(Int64(load.waiting)),
            "num_total_reqs": .int(Int64(load.running + load.waiting)), "num_used_tokens": .int(Int64(used)),
            "max_total_num_tokens": .int(Int64(capacity)), "token_usage": usage,
            "cache_hit_rate": .double(gpu?.model.counters.hitRate ?? 0),
            "max_running_requests": .int(Int64(slotCount)),
        ]
        return [
            "version": .string(options.engine.version), "dp_rank_count": 1, "loads": [rank],
            "aggregate": [
                "total_running_reqs": .int(Int64(load.running)), "total_waiting_reqs": .int(Int64(load.waiting)),
                "total_reqs": .int(Int64(load.running + load.waiting)), "avg_token_usage": usage,
            ],
        ]
    }

    /// llama.cpp's slots with whether each is busy.
    func slots() -> [UInt8] {
        var writer = JSONWriter()
        let running = load.running
        writer.beginArray()
        for slot in 0..<min(slotCount, 4_096) {
            writer.beginObject()
            writer.key("id")
            writer.value(slot)
            writer.key("n_ctx")
            writer.value(options.context)
            writer.key("is_processing")
            writer.value(slot < running)
            writer.endObject()
        }
        writer.endArray()
        return writer.bytes
    }

    /// llama.cpp's count of a conversation, which is what the reply to it would tell as prompt tokens.
    func inputTokens(_ body: [UInt8]) throws(Refusal) -> [UInt8] {
        let count = try ChatRequest(parsing: body, engine: options.engine, models: models).promptTokens
        let reply: JSONValue = ["input_tokens": .int(Int64(count)), "object": "response.input_tokens"]
        return reply.serialized()
    }

    /// vLLM's `{"prompt"}` or `{"messages"}`, SGLang's `{"prompt"}`, and llama.cpp's `{"content"}`. The numbers of the
    /// tokens mean nothing; their count is what the reply to the same text would tell as prompt tokens.
    func tokenize(_ body: [UInt8]) throws(Refusal) -> [UInt8] {
        let request = try object(body)
        guard options.engine != .sglang else { return try tokenizeTexts(request["prompt"]) }
        let count: Int
        if options.engine == .llamacpp {
            guard let content = request["content"]?.stringValue else { throw .badRequest("content must be a string") }
            count = TokenCounter.prompt(content)
        } else if let prompt = request["prompt"]?.stringValue {
            count = TokenCounter.prompt(prompt)
        } else {
            count = try ChatRequest(parsing: body, engine: options.engine, models: models).promptTokens
        }
        var writer = JSONWriter(capacity: count * 5 + 64)
        writer.beginObject()
        if options.engine != .llamacpp {
            writer.key("count")
            writer.value(count)
            writer.key("max_model_len")
            writer.value(options.context)
        }
        writer.key("tokens")
        Self.write(tokens: count, into: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// SGLang's: a text, or a list of texts, each counted for itself.
    private func tokenizeTexts(_ prompt: JSONValue?) throws(Refusal) -> [UInt8] {
        let texts = prompt?.arrayValue ?? [prompt ?? .null]
        let counts = texts.compactMap { $0.stringValue.map(TokenCounter.prompt) }
        guard counts.count == texts.count else { throw .badRequest("prompt must be a string or a list of strings") }
        let isList = prompt?.arrayValue != nil
        var writer = JSONWriter(capacity: counts.reduce(64) { $0 + $1 * 5 })
        writer.beginObject()
        writer.key("tokens")
        if isList { writer.beginArray() }
        for count in counts { Self.write(tokens: count, into: &writer) }
        if isList { writer.endArray() }
        writer.key("count")
        if isList { writer.beginArray() }
        for count in counts { writer.value(count) }
        if isList { writer.endArray() }
        writer.key("max_model_len")
        writer.value(options.context)
        writer.endObject()
        return writer.bytes
    }

    private static func write(tokens count: Int, into writer: inout JSONWriter) {
        writer.beginArray()
        for token in 0..<count { writer.value(token) }
        writer.endArray()
    }
}
