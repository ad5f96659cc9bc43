import MessagePack
import Transport
import Wire

/// What clients send, read.
enum IncomingMessage: Sendable {
    /// Get an answer.
    case complete(ArrivedCall)
    /// Answers are durable.
    case release(ReleaseOutcomes)
    /// Nobody wants these answers any more.
    case cancel(CancelCalls)
    /// Say what stands behind the gateway.
    case describe
    /// Not for us, or not readable: what to say about it.
    case refused(Refusal)

    /// Reads a message, which comes from outside and may hold anything.
    init(_ envelope: Envelope) {
        do {
            switch WireKind(rawValue: envelope.kind) {
            case .complete: self = .complete(ArrivedCall(try Complete(body: envelope.body)))
            case .releaseOutcomes: self = .release(try ReleaseOutcomes(body: envelope.body))
            case .cancelCalls: self = .cancel(try CancelCalls(body: envelope.body))
            case .describeModels:
                _ = try DescribeModels(body: envelope.body)
                self = .describe
            default:
                self = .refused(
                    Refusal(
                        .unknownKind, "the llm-gateway does not know messages of kind \(envelope.kind)",
                        advice: "send complete, releaseOutcomes, cancelCalls or describeModels"))
            }
        } catch {
            self = .refused(
                Refusal(
                    .malformed, "a message of kind \(envelope.kind) is malformed: \(error)",
                    advice: "see docs/wire-protocol.md"))
        }
    }
}
