import JSON
import NIOCore
import NIOPosix

@testable import EmulatorRole

/// What came back over one connection.
enum RawOutcome: Equatable {
    /// A whole reply.
    case reply(RawReply)
    /// The connection closed inside of a reply, after this many bytes of its body out of those announced.
    case cut(bodyBytes: Int, announced: Int)
    /// The connection closed without a byte.
    case closed
    /// The connection was reset.
    case reset

    var reply: RawReply? {
        guard case .reply(let reply) = self else { return nil }
        return reply
    }
}

struct RawReply: Equatable {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]

    var json: JSONValue? { try? JSONValue(parsing: body) }
}

/// A client that speaks just enough HTTP/1.1 to see how a reply was delivered. One task uses it at a time.
final class RawClient {
    private let channel: any Channel
    private var incoming: AsyncThrowingStream<[UInt8], any Error>.Iterator
    private var bytes: [UInt8] = []

    init(port: Int) async throws {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: [UInt8].self)
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(BytesHandler(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        incoming = stream.makeAsyncIterator()
    }

    func close() async { try? await channel.close() }

    func send(_ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8] = []) async throws {
        var head = "\(method) \(path) HTTP/1.1\r\nhost: localhost\r\ncontent-length: \(body.count)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        try await channel.writeAndFlush(ByteBuffer(bytes: Array((head + "\r\n").utf8) + body))
    }

    func receive() async -> RawOutcome {
        while true {
            if let (reply, used) = Self.parse(bytes) {
                bytes.removeFirst(used)
                return .reply(reply)
            }
            do {
                guard let more = try await incoming.next() else { break }
                bytes += more
            } catch {
                return .reset
            }
        }
        guard let head = Self.head(bytes) else { return .closed }
        return .cut(bodyBytes: bytes.count - head.end, announced: head.length)
    }

    func request(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8] = []
    ) async throws -> RawOutcome {
        try await send(method, path, headers: headers, body: body)
        return await receive()
    }

    private static func head(
        _ bytes: [UInt8]
    ) -> (status: Int, headers: [String: String], end: Int, length: Int)? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) }) else {
            return nil
        }
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        return (status, headers, end + 4, headers["content-length"].flatMap { Int($0) } ?? 0)
    }

    private static func parse(_ bytes: [UInt8]) -> (RawReply, used: Int)? {
        guard let head = head(bytes), bytes.count >= head.end + head.length else { return nil }
        let body = Array(bytes[head.end..<(head.end + head.length)])
        return (RawReply(status: head.status, headers: head.headers, body: body), head.end + head.length)
    }
}

private final class BytesHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let continuation: AsyncThrowingStream<[UInt8], any Error>.Continuation

    init(_ continuation: AsyncThrowingStream<[UInt8], any Error>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        continuation.yield(Array(unwrapInboundIn(data).readableBytesView))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        continuation.finish(throwing: error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
}

/// Starts an emulator, runs `body` with it, and stops it.
func withEmulator<Result>(
    _ change: (inout EmulatorOptions) -> Void = { _ in }, _ body: (EmulatorServer) async throws -> Result
) async throws -> Result {
    var options = EmulatorOptions()
    options.dimension = 16
    change(&options)
    let server = try await EmulatorServer.start(options)
    do {
        let result = try await body(server)
        try await server.stop()
        return result
    } catch {
        try await server.stop()
        throw error
    }
}

/// One request over a connection of its own.
func once(
    _ server: EmulatorServer, _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8] = []
) async throws -> RawOutcome {
    let client = try await RawClient(port: server.port)
    let outcome = try await client.request(method, path, headers: headers, body: body)
    await client.close()
    return outcome
}
