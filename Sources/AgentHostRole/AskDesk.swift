import ServiceRuntime
import Support
import Wire

/// Where asks of other hosts come in, over all lives of a host.
final class AskDesk: Sendable {
    private let host = Guarded<AgentHost?>(nil)
    /// From now on `host` answers.
    func open(_ host: AgentHost) { self.host.withLock { $0 = host } }

    /// Nobody answers any more.
    func close() { host.withLock { $0 = nil } }

    /// Has the host say how it is, in its turn; nil where none takes part.
    func look(_ reply: @escaping @Sendable (HostReading?) -> Void) {
        if let host = host.withLock({ $0 }) { host.look(reply) } else { reply(nil) }
    }

    /// The handler of the host's socket.
    func server() -> WireServer {
        var server = WireServer()
        server.on(Ask.self) { [self] ask, responder in take(ask, responder) }
        return server
    }

    /// Answers an ask, later.
    func take(_ ask: Ask, _ responder: Responder) {
        guard let host = host.withLock({ $0 }) else {
            responder.fail(Problem(.unavailable, "this host is still starting"))
            return
        }
        host.answer(ask, responder)
    }
}
