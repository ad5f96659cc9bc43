import MessagePack
import Transport
import Wire

/// What clients send, read.
enum EmbeddingMessage: Sendable {
    /// Make vectors.
    case embed(Embed)
    /// Say what stands behind the gateway.
    case describe
    /// Not for us, or not readable: what to say about it.
    case refused(Refusal)

    /// Reads a message, which comes from outside and may hold anything.
    init(_ envelope: Envelope) {
        do {
            switch WireKind(rawValue: envelope.kind) {
            case .embed: self = .embed(try Embed(body: envelope.body))
            case .describeEmbedding:
                _ = try DescribeEmbedding(body: envelope.body)
                self = .describe
            default:
                self = .refused(
                    Refusal(
                        .unknownKind, "the embedding-gateway does not know messages of kind \(envelope.kind)",
                        advice: "send embed or describeEmbedding"))
            }
        } catch {
            self = .refused(
                Refusal(
                    .malformed, "a message of kind \(envelope.kind) is malformed: \(error)",
                    advice: "see docs/wire-protocol.md"))
        }
    }
}
