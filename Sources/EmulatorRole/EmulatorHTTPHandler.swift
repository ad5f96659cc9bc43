import GPUEmulation
import Glibc
import Hashing
import NIOCore
import NIOHTTP1

/// One connection: gathers a request, has the core answer it, waits for a slot and for the latency, and delivers
/// the reply whole or broken. All of it on the connection's event loop.
final class EmulatorHTTPHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// A reply on its way.
    private struct Pending {
        var reply: EmulatorReply
        var endpoint: Endpoint?
        var call: String?
        var keepsAlive: Bool
        var ticket: UInt64?
        /// What the line of `--served` needs; nil where none is written.
        var arrival: (time: Int64, request: Digest128)?
    }

    private let driver: EmulatorDriver
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    private var pending: Pending?
    private var timer: Scheduled<Void>?
    private var isServing = false
    private var context: ChannelHandlerContext?

    init(driver: EmulatorDriver) { self.driver = driver }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                let interim = HTTPResponseHead(version: head.version, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
            }
        case .body(var part):
            guard head != nil else { return }
            if body.readableBytes + part.readableBytes > driver.core.options.maximumBody {
                refuseTooLarge()
            } else if body.readableBytes == 0 {
                body = part
            } else {
                body.writeBuffer(&part)
            }
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head)
        }
    }

    private func refuseTooLarge() {
        head = nil
        let refusal = Refusal(status: 413, message: "the request's body is too large", kind: .tooLarge)
        pending = Pending(reply: .refusal(refusal, engine: driver.core.options.engine), keepsAlive: false)
        deliver()
    }

    private func answer(_ head: HTTPRequestHead) {
        let core = driver.core
        var pending = Pending(
            reply: EmulatorReply(status: 404, body: []), call: head.headers.first(name: "x-gensim-call"),
            keepsAlive: head.isKeepAlive)
        if let endpoint = core.endpoint(path: head.uri) {
            pending.endpoint = endpoint
            let query = head.uri.firstIndex(of: "?").map { String(head.uri[$0...]) } ?? ""
            let bytes = Array(body.readableBytesView)
            pending.reply = core.reply(to: endpoint, method: head.method.rawValue, query: query, body: bytes)
            if driver.served != nil, endpoint.isAnswered, pending.reply.isAnswer {
                pending.arrival = (ServedLog.now(), HashBuilder.hash128(.request) { $0.append(bytes) })
            }
        } else {
            let refusal = Refusal(status: 404, message: "Not Found", kind: .notFound)
            pending.reply = .refusal(refusal, engine: core.options.engine)
        }
        body.clear()
        guard pending.reply.isServed else {
            self.pending = pending
            return deliver()
        }
        self.pending = pending
        let (ticket, served) = driver.enter(self, work: pending.reply.work)
        self.pending?.ticket = ticket
        if served { serve() }
    }

    /// The GPU is done with the request: its reply is due.
    func complete(_ completion: GPUCompletion) {
        isServing = true
        if let late = pending?.reply.late {
            pending?.reply.body = late.writer.body(
                content: late.content, answer: late.answer, model: late.model, digest: late.digest,
                cached: completion.cachedTokens)
        }
        finish()
    }

    /// The request has a slot: its reply is due after the latency.
    func serve() {
        isServing = true
        let latency = pending?.reply.time ?? driver.core.options.latency
        guard latency.nanoseconds > 0, let context else { return finish() }
        let delay = TimeAmount.nanoseconds(Int64(clamping: latency.nanoseconds))
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.finish() }
    }

    /// The reply is due: at once, or when requests are held no longer.
    private func finish() {
        guard driver.isHeld, let context else { return deliver() }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.holdInterval) { self.finish() }
    }

    /// Time between two looks at whether requests are still held.
    private static let holdInterval = TimeAmount.milliseconds(10)

    private func deliver() {
        timer = nil
        guard let pending, let context else { return }
        if case .never = pending.reply.delivery { return }
        self.pending = nil
        isServing = false
        if let endpoint = pending.endpoint { driver.core.statistics.replied(endpoint) }
        if pending.reply.isAnswer { driver.core.statistics.answered(call: pending.call) }
        if pending.endpoint == .chat, pending.reply.isAnswer { driver.answered += 1 }
        switch pending.reply.delivery {
        case .whole: write(pending, context)
        case .half: writeHalf(pending, context)
        case .reset: reset(context)
        case .never: break
        }
        if let ticket = pending.ticket { driver.leave(ticket) }
    }

    private func write(_ pending: Pending, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(responseHead(pending))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(buffer(pending.reply.body[...])))), promise: nil)
        guard !pending.keepsAlive || pending.arrival != nil else {
            return context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { result in
            self.writeDown(pending, delivered: (try? result.get()) != nil)
            if !pending.keepsAlive { context.close(promise: nil) }
        }
    }

    private func writeDown(_ pending: Pending, delivered: Bool) {
        guard let served = driver.served, let arrival = pending.arrival else { return }
        served.append(
            ServedLog.Entry(
                arrived: arrival.time, ended: ServedLog.now(), call: pending.call, request: arrival.request,
                delivered: delivered))
        driver.core.statistics.servedDropped = served.dropped
    }

    private func writeHalf(_ pending: Pending, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(responseHead(pending))), promise: nil)
        let half = pending.reply.body.prefix(pending.reply.body.count / 2)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer(half))))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    /// Closes with a reset instead of an orderly end: a linger of zero drops what is unsent.
    private func reset(_ context: ChannelHandlerContext) {
        guard let options = context.channel as? any SocketOptionProvider else { return context.close(promise: nil) }
        options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    private func responseHead(_ pending: Pending) -> HTTPResponseHead {
        var headers = HTTPHeaders()
        headers.reserveCapacity(4)
        headers.add(name: "content-type", value: pending.reply.contentType)
        headers.add(name: "content-length", value: String(pending.reply.body.count))
        if let seconds = pending.reply.retryAfter { headers.add(name: "retry-after", value: String(seconds)) }
        if !pending.keepsAlive { headers.add(name: "connection", value: "close") }
        return HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: pending.reply.status), headers: headers)
    }

    private func buffer(_ bytes: ArraySlice<UInt8>) -> ByteBuffer { ByteBuffer(bytes: bytes) }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        if let pending {
            self.pending = nil
            driver.core.statistics.gaveUp()
            // Who leaves the queue has cost nothing.
            if isServing || pending.ticket.map(driver.hasBegun) == true { writeDown(pending, delivered: false) }
            isServing = false
            if let ticket = pending.ticket { driver.leave(ticket) }
        }
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
