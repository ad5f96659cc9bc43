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
