import JSON

/// Writes the body of a request for vectors.
enum EmbeddingRequestWriter {
    /// The body for these texts; an interface that takes one text at a time must be given one.
    static func body(_ texts: [String], identity: EmbeddingIdentity, base64: Bool) -> [UInt8] {
        precondition(texts.count <= identity.maxBatch && !texts.isEmpty, "a batch beyond what the server takes")
        var writer = JSONWriter(capacity: texts.reduce(256) { $0 + $1.utf8.count + 8 })
        writer.beginObject()
        switch identity.engine {
        case .openai:
            writer.key("model")
            writer.value(identity.model)
            writer.key("encoding_format")
            writer.value(base64 ? "base64" : "float")
            writer.key("input")
            writeList(texts, into: &writer)
        case .tei:
            writer.key("inputs")
            writeList(texts, into: &writer)
            // Too long a text is refused, not cut in silence.
            writer.key("truncate")
            writer.value(false)
        case .gensim:
            writer.key("sentence")
            writer.value(texts[0])
        }
        writer.endObject()
        return writer.bytes
    }

    private static func writeList(_ texts: [String], into writer: inout JSONWriter) {
        writer.beginArray()
        for text in texts { writer.value(text) }
        writer.endArray()
    }
}
