import Hashing
import JSON

/// The three ways in which embedding servers are asked.
extension EmulatorCore {
    /// Most texts of one request to the OpenAI endpoint.
    static let maximumInputs = 2_048
    /// Most texts of one request to `/embed`, TEI's default.
    static let maximumClientBatch = 32

    func embeddings(_ body: [UInt8]) throws(Refusal) -> EmulatorReply {
        let request = try object(body)
        let texts = try self.texts(request["input"], field: "input", limit: Self.maximumInputs)
        if let batch = options.embeddingBatch { try refuse(texts, above: batch) }
        let format = request.given("encoding_format")?.stringValue ?? "float"
        guard format == "float" || format == "base64" else {
            throw .badRequest("encoding_format must be float or base64")
        }
        if let dimensions = request.given("dimensions"), dimensions.intValue != options.dimension {
            throw .badRequest("the model has \(options.dimension) dimensions and no others")
        }
        return embedded(texts) {
            var writer = JSONWriter(capacity: texts.count * options.dimension * 13 + 256)
            writer.beginObject()
            writer.key("object")
            writer.value("list")
            writer.key("model")
            writer.value(options.model)
            writer.key("data")
            writer.beginArray()
            for (index, text) in texts.enumerated() {
                writer.beginObject()
                writer.key("index")
                writer.value(index)
                writer.key("object")
                writer.value("embedding")
                writer.key("embedding")
                let vector = vectors.vector(text)
                if format == "base64" {
                    writer.value(Base64Floats.encode(vector))
                } else {
                    writer.value(vector: vector)
                }
                writer.endObject()
            }
            writer.endArray()
            let tokens = texts.reduce(0) { $0 + TokenCounter.prompt($1) }
            writer.key("usage")
            writer.beginObject()
            writer.key("prompt_tokens")
            writer.value(tokens)
            writer.key("total_tokens")
            writer.value(tokens)
            writer.endObject()
            writer.endObject()
            return writer.bytes
        }
    }

    /// TEI's endpoint: `{"inputs": text or texts}`.
    func embed(_ body: [UInt8]) throws(Refusal) -> EmulatorReply {
        let request = try object(body)
        let texts = try self.texts(request["inputs"], field: "inputs", limit: .max)
        try refuse(texts, above: clientBatch)
        return embedded(texts) {
            var writer = JSONWriter(capacity: texts.count * options.dimension * 13 + 16)
            writer.beginArray()
            for text in texts { writer.value(vector: vectors.vector(text)) }
            writer.endArray()
            return writer.bytes
        }
    }

    /// The published prototype's endpoint: one sentence.
    func encode(_ body: [UInt8]) throws(Refusal) -> EmulatorReply {
        let request = try object(body)
        guard let sentence = request["sentence"]?.stringValue else { throw .badRequest("sentence must be a string") }
        let texts = try self.texts(.string(sentence), field: "sentence", limit: 1)
        return embedded(texts) {
            var writer = JSONWriter(capacity: options.dimension * 13 + 32)
            writer.beginObject()
            writer.key("embedding")
            writer.value(vector: vectors.vector(sentence))
            writer.endObject()
            return writer.bytes
        }
    }

    /// Most texts of one request to `/embed`.
    var clientBatch: Int { options.embeddingBatch ?? Self.maximumClientBatch }

    private func refuse(_ texts: [String], above limit: Int) throws(Refusal) {
        guard texts.count > limit else { return }
        let message = "batch size \(texts.count) > maximum allowed batch size \(limit)"
        throw Refusal(status: 422, message: message, kind: .tooLarge)
    }

    func object(_ body: [UInt8]) throws(Refusal) -> JSONObject {
        do {
            let value = try JSONValue(parsing: body, limits: JSONLimits(maximumBytes: .max))
            guard let object = value.objectValue else {
                throw JSONError.wrongType(field: "the request", expected: "an object")
            }
            return object
        } catch {
            throw .badRequest("\(error)")
        }
    }

    private func texts(_ value: JSONValue?, field: String, limit: Int) throws(Refusal) -> [String] {
        let list = value?.arrayValue ?? value.map { [$0] } ?? []
        let texts = list.compactMap(\.stringValue)
        guard !texts.isEmpty, texts.count == list.count else {
            throw .badRequest("\(field) must be a text or a list of texts")
        }
        guard texts.count <= limit else { throw .badRequest("\(field) holds more than \(limit) texts") }
        for text in texts where TokenCounter.prompt(text) > options.context {
            throw .contextExceeded(
                promptTokens: TokenCounter.prompt(text), maxTokens: nil, limit: options.context, engine: options.engine)
        }
        return texts
    }

    /// The reply with this body, and what a GPU has to do for it: to read the texts, which leaves no KV.
    private func embedded(_ texts: [String], _ body: () -> [UInt8]) -> EmulatorReply {
        var reply = struck(by: fault(texts), body)
        reply.time = options.embeddingCost?.time(tokens: texts.map(TokenCounter.prompt))
        guard options.gpu != nil else { return reply }
        let tokens = texts.reduce(0) { $0 + TokenCounter.prompt($1) }
        reply.work = GPUWork(promptTokens: max(1, tokens), answerTokens: 1, holdsKV: false)
        return reply
    }

    private func fault(_ texts: [String]) -> FaultKind? {
        guard !options.faultRates.isEmpty else { return nil }
        let digest = HashBuilder.hash128(.emulatorVector) { builder in
            builder.append(UInt64(texts.count))
            for text in texts { builder.append(text) }
        }
        return faults.draw(digest) { !$0.isOfChat }
    }
}

extension JSONWriter {
    fileprivate mutating func value(vector: [Float]) {
        beginArray()
        for component in vector { value(component) }
        endArray()
    }
}
