import Metrics
import NIOCore
import NIOHTTP1

/// One connection: a request at a time, and none that carries anything.
final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let responder: MetricsResponder
    private var head: HTTPRequestHead?
    private var context: ChannelHandlerContext?

    init(_ responder: MetricsResponder) { self.responder = responder }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body:
            guard let head else { return }
            self.head = nil
            write(MetricsReply(status: 413, "a request has no body here"), to: head, keepsAlive: false)
        case .end:
            guard let head else { return }
            self.head = nil
            responder.reply(method: head.method, target: head.uri) { reply in
                self.write(reply, to: head, keepsAlive: head.isKeepAlive)
            }
        }
    }

    private func write(_ reply: MetricsReply, to head: HTTPRequestHead, keepsAlive: Bool) {
        // The connection may have ended while the main loop was asked.
        guard let context else { return }
        var headers = HTTPHeaders([("content-type", reply.type), ("content-length", String(reply.body.count))])
        if reply.status == 405 { headers.add(name: "allow", value: "GET, HEAD") }
        if !keepsAlive { headers.add(name: "connection", value: "close") }
        let response = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: reply.status), headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        if head.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: reply.body)))), promise: nil)
        }
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !keepsAlive { written.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Who says nothing for long makes room for others.
        if event is IdleStateHandler.IdleStateEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Answers requests of all connections. Lives on the server's event loop.
final class MetricsResponder {
    private let question: LoopQuestion
    private let role: String
    private let version: String
    private let limit: TimeAmount
    /// Connections that are open.
    var connections = 0

    init(_ source: MetricsSource, version: String, limit: TimeAmount, loop: any EventLoop) {
        question = LoopQuestion(source, limit: limit, loop: loop)
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
        let seconds = Double(limit.nanoseconds) / 1e9
        question.ask { report in
            done(MetricsReply(path, report, role: role, version: version, limitSeconds: seconds))
        }
    }
}
