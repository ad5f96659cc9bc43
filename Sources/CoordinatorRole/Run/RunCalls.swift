import Dispatch
import ServiceRuntime
import Support
import Wire

/// The calls of a run at the llm-gateway.
struct RunCalls: Sendable {
    /// Time that the gateway has to hear of it: it answers at once, or is gone with its calls.
    static let limit = Span.seconds(2)
    /// The same where a person does not want to wait.
    static let shortLimit = Span.milliseconds(300)

    /// What gateways know the run's calls by.
    let scope: String
    let gateway: WireClient

    /// A scope that no other run has, not even one of the same name: by the incarnation of its first coordinator.
    static func scope(of run: String, incarnation: UInt64) -> String { "\(run)#\(String(incarnation, radix: 16))" }

    /// Gives up whatever is left of an ended run, at the gateway and at the servers: others may share both.
    ///
    /// Returns when the gateway has heard it. That it has not is no error of the run: it forgets calls whose askers are
    /// gone by itself, only later.
    func giveUp() async {
        gateway.post(cancellation)
        // Nothing answers a cancellation; this question comes after it, and so does its answer.
        _ = try? await within(Self.limit, at: ServiceNames.llmGateway) {
            try await gateway.request(ListServers(), expecting: ServersListed.self)
        }
    }

    /// The same on the spot: holds the calling thread for a moment, as before the process ends.
    func giveUpNow() {
        let heard = DispatchSemaphore(value: 0)
        gateway.post(cancellation)
        gateway.request(ListServers(), expecting: ServersListed.self) { _ in heard.signal() }
        _ = heard.wait(timeout: .now() + .nanoseconds(Int(Self.shortLimit.nanoseconds)))
    }

    private var cancellation: CancelCalls { CancelCalls(run: scope, calls: []) }
}
