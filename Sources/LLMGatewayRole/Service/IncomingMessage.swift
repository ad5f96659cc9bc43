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
    /// Say which servers there are, and how they are.
    case list
    /// Add, drain or remove a server.
    case change(ChangeServers)
    /// Load or unload an adapter.
    case adapter(ManageAdapter)
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
            case .listServers:
                _ = try ListServers(body: envelope.body)
                self = .list
            case .changeServers: self = .change(try ChangeServers(body: envelope.body))
            case .manageAdapter: self = .adapter(try ManageAdapter(body: envelope.body))
            default:
                self = .refused(
                    Refusal(
                        .unknownKind, "the llm-gateway does not know messages of kind \(envelope.kind)",
                        advice: "see docs/wire-protocol.md for those that it knows"))
            }
        } catch {
            self = .refused(
                Refusal(
                    .malformed, "a message of kind \(envelope.kind) is malformed: \(error)",
                    advice: "see docs/wire-protocol.md"))
        }
    }
}
