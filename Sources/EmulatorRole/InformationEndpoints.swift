import JSON

/// What servers tell about themselves, as far as a client probes it.
extension EmulatorCore {
    /// Slots that llama.cpp reports where their number is not limited.
    static let unlimitedSlots = 256

    private var slotCount: Int { options.parallel == 0 ? Self.unlimitedSlots : options.parallel }

    func information(_ endpoint: Endpoint) -> [UInt8] {
        let model = JSONValue.string(options.model)
        let version = JSONValue.string(options.engine.version)
        let context = JSONValue.int(Int64(options.context))
        let object: JSONValue
        switch endpoint {
        case .models: object = models
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

    private var models: JSONValue {
        var model = JSONObject([
            .init(key: "id", value: .string(options.model)), .init(key: "object", value: "model"),
            .init(key: "created", value: .int(Int64(ChatReplyWriter.created))),
        ])
        let context = JSONValue.int(Int64(options.context))
        switch options.engine {
        case .vllm, .vllmOld:
            model["owned_by"] = "vllm"
            model["root"] = .string(options.model)
            model["parent"] = nil
            model["max_model_len"] = context
        case .sglang:
            model["owned_by"] = "sglang"
            model["root"] = .string(options.model)
            model["max_model_len"] = context
        case .llamacpp:
            model["owned_by"] = "llamacpp"
            model["meta"] = ["n_ctx_train": context, "n_embd": .int(Int64(options.dimension))]
        default: model["owned_by"] = "organization-owner"
        }
        return ["object": "list", "data": [.object(model)]]
    }

    /// llama.cpp's slots with whether each is busy.
    func slots() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        for slot in 0..<min(slotCount, 4_096) {
            writer.beginObject()
            writer.key("id")
            writer.value(slot)
            writer.key("n_ctx")
            writer.value(options.context)
            writer.key("is_processing")
            writer.value(slot < queue.runningCount)
            writer.endObject()
        }
        writer.endArray()
        return writer.bytes
    }

    /// The gauges of load under the engine's names, in Prometheus' text form.
    func metrics() -> [UInt8] {
        let names: (running: String, waiting: String)
        var label = "{model_name=\"\(options.model)\"}"
        switch options.engine {
        case .vllm, .vllmOld: names = ("vllm:num_requests_running", "vllm:num_requests_waiting")
        case .sglang: names = ("sglang:num_running_reqs", "sglang:num_queue_reqs")
        case .llamacpp:
            names = ("llamacpp:requests_processing", "llamacpp:requests_deferred")
            label = ""
        default:
            names = ("te_requests_running", "te_queue_size")
            label = ""
        }
        var text = ""
        for (name, count) in [(names.running, queue.runningCount), (names.waiting, queue.waitingCount)] {
            text += "# TYPE \(name) gauge\n\(name)\(label) \(Double(count))\n"
        }
        return Array(text.utf8)
    }

    /// vLLM's `{"prompt"}` or `{"messages"}`, and llama.cpp's `{"content"}`. The numbers of the tokens mean
    /// nothing; their count is what the reply to the same text would tell as prompt tokens.
    func tokenize(_ body: [UInt8]) throws(Refusal) -> [UInt8] {
        let request = try object(body)
        let count: Int
        if options.engine == .llamacpp {
            guard let content = request["content"]?.stringValue else { throw .badRequest("content must be a string") }
            count = TokenCounter.prompt(content)
        } else if let prompt = request["prompt"]?.stringValue {
            count = TokenCounter.prompt(prompt)
        } else {
            count = try ChatRequest(parsing: body, engine: options.engine, servedModel: options.model).promptTokens
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
        writer.beginArray()
        for token in 0..<count { writer.value(token) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
