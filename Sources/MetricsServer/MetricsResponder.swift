import Metrics
import NIOCore
import NIOHTTP1
import Support

/// Answers requests of all connections. Lives on the server's event loop.
final class MetricsResponder {
    private let question: LoopQuestion
    private let role: String
    private let version: String
    private let limit: Span
    /// Connections that are open.
    var connections = 0

    init(
        _ source: MetricsSource, version: String, limit: Span, loop: any EventLoop, way: Guarded<(any EventLoop)?>
    ) {
        question = LoopQuestion(source, limit: limit, loop: loop, way: way)
        role = source.role
        self.version = version
        self.limit = limit
    }

    func reply(method: HTTPMethod, target: String, _ done: @escaping (MetricsReply) -> Void) {
        guard let path = MetricsPath(target: target) else {
            return done(MetricsReply(status: 404, "ask for /metrics, /livez or /readyz"))
        }
        guard method == .GET || method == .HEAD else { return done(MetricsReply(status: 405, "use GET")) }
        let (role, version) = (role, version)
        let seconds = limit.seconds
        question.ask { report in
            done(MetricsReply(path, report, role: role, version: version, limitSeconds: seconds))
        }
    }
}
