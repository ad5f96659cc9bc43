import ServiceRuntime
import Support
import Wire

/// The calls of a run at the llm-gateway.
enum RunCalls {
    /// Time that the gateway has to hear of it: it answers at once, or is gone with its calls.
    static let limit = Span.seconds(2)

    /// Gives up whatever is left of an ended run, at the gateway and at the servers: others may share both.
    ///
    /// Returns when the gateway has heard it. That it has not is no error of the run: it forgets calls whose askers are
    /// gone by itself, only later.
    static func giveUp(of run: String, at gateway: WireClient) async {
        gateway.post(CancelCalls(run: run, calls: []))
        // Nothing answers a cancellation; this question comes after it, and so does its answer.
        _ = try? await within(limit, at: ServiceNames.llmGateway) {
            try await gateway.request(ListServers(), expecting: ServersListed.self)
        }
    }
}
