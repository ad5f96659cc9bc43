import Glibc
import MessagePack
import Support
import Testing
import ZeroMQ

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct NodeTests {
    private func body(_ number: Int, size: Int = 0) -> [UInt8] {
        Packer.bytes { packer in
            packer.packArray(count: 2)
            packer.pack(number)
            packer.pack(String(repeating: "x", count: size))
        }
    }

    private func options(
        credit: Credit = Credit(messages: 4096, bytes: 64 << 20), incarnation: UInt64 = 1,
        maxPendingBytes: Int = 256 << 20, liveness: Liveness = Liveness()
    ) -> ListenerOptions {
        ListenerOptions(incarnation: incarnation, credit: credit, maxPendingBytes: maxPendingBytes, liveness: liveness)
    }

    @Test func tenThousandRequestsGetTheirOwnAnswers() async throws {
        let folder = try SocketFolder()
        let server = try TransportNode()
        let client = try TransportNode()
        let handler = EchoHandler()
        _ = try server.listen(folder.endpoint, options: options(), handler: handler)
        let connection = try client.connect(folder.endpoint, introduction: .test)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for worker in 0..<100 {
                group.addTask {
                    for number in 0..<100 {
                        let sent = body(worker * 100 + number, size: number * 20)
                        let reply = try await connection.request(kind: 20, body: sent)
                        guard reply.kind == 21, reply.body == sent else { return false }
                    }
                    return true
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        client.close()
        server.close()
        #expect(handler.messages.count == 10_000)
        #expect(handler.seen.withLock { $0.arrived } == [.test])
        #expect(client.counters.dropped == 0)
        #expect(client.counters.messagesIn == server.counters.messagesOut)
    }

    @Test func smallMessagesShareFrames() async throws {
        let node = try TransportNode()
        let handler = EchoHandler()
        // No pings among the frames that are counted, however slow the machine is.
        let silent = Liveness(pingInterval: .seconds(3_600), silenceLimit: .seconds(7_200))
        let listener = try node.listen("tcp://127.0.0.1:*", options: options(liveness: silent), handler: handler)
        let other = try TransportNode()
        let connection = try other.connect(
            listener.endpoint, introduction: .test, options: ConnectionOptions(liveness: silent))
        _ = try await connection.request(kind: 20, body: body(0))
        let before = other.counters.framesOut
        connection.post((1...500).map { Envelope(kind: 30, body: body($0)) })
        await handler.wait { $0.messages.count == 501 }
        other.close()
        node.close()
        // 500 posts, and a goodbye.
        #expect(other.counters.framesOut - before <= 2)
        #expect(handler.messages.dropFirst().map(\.envelope.body) == (1...500).map { body($0) })
    }

    @Test func aServerThatSendsUnaskedReachesTheEventHandler() async throws {
        let node = try TransportNode()
        let handler = EchoHandler()
        let listener = try node.listen("tcp://127.0.0.1:*", options: options(), handler: handler)
        let log = EventLog()
        let connection = try node.connect(listener.endpoint, introduction: .test, onEvent: log.handler)
        await log.wait(for: .up(serverIncarnation: 1, isRestart: false))
        _ = try await connection.request(kind: 20, body: [0xc0])
        let peer = try #require(handler.messages.first?.peer)
        let news = Envelope(kind: 50, body: [0x07])
        listener.send([(peer, news)])
        await log.wait(for: .received(news))
        node.close()
    }

    @Test func garbageIsRefusedAndCounted() async throws {
        let folder = try SocketFolder()
        let node = try TransportNode()
        let handler = EchoHandler()
        var limited = options()
        limited.maxFrameBytes = 4096
        _ = try node.listen(folder.endpoint, options: limited, handler: handler)
        let context = try ZeroMQContext()
        let dealer = try context.socket(.dealer)
        try dealer.set([.linger(.milliseconds(0))])
        try dealer.connect(folder.endpoint)
        let rubbish: [([UInt8], Refusal.Code)] = [
            (Array("GET / HTTP/1.1".utf8), .malformed), ([], .malformed), ([0x92, 0x02, 0xc0], .version),
            (Packer.bytes { $0.packBinary([UInt8](repeating: 0, count: 5000)) }, .oversized),
            ([0x92, 0x01, 0x93, 0x14, 0x01, 0xc0], .helloFirst), ([0x92, 0x01, 0x93, 0x01, 0x00, 0xc0], .malformed),
            (frame(Hello(version: 9, introduction: .test).envelope()), .version),
        ]
        for (bytes, code) in rubbish {
            try bytes.withUnsafeBytes { try dealer.send($0, more: false) }
            #expect(try refusal(dealer)?.code == code)
        }
        try dealer.close()
        try context.close()
        node.close()
        #expect(node.counters.refused == rubbish.count)
        #expect(handler.messages.isEmpty)
    }

    private func frame(_ envelope: Envelope) -> [UInt8] {
        Packer.bytes { packer in
            Frame.begin(messages: 1, into: &packer)
            Frame.append(envelope, to: &packer)
        }
    }

    private func refusal(_ socket: ZeroMQSocket) throws -> Refusal? {
        var poller = ZeroMQPoller()
        _ = poller.add(socket)
        try poller.wait(milliseconds: 10_000)
        guard let bytes = try socket.receive({ bytes, _ in Array(bytes) }) else { return nil }
        return try Frame.read(bytes, maxBytes: 1 << 20).first.map { try Refusal(body: $0.body) }
    }

    @Test func aClientOfAnotherVersionGetsATypedError() async throws {
        let node = try TransportNode()
        var newer = options()
        newer.expectedProtocol = 2
        let listener = try node.listen("tcp://127.0.0.1:*", options: newer, handler: EchoHandler())
        let connection = try node.connect(listener.endpoint, introduction: .test)
        let error = await #expect(throws: TransportError.self) {
            try await connection.request(kind: 20, body: [0xc0])
        }
        guard case .refused(let refusal) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(refusal.code == .version)
        node.close()
    }

    @Test func theServerNeverHoldsMoreRequestsThanItGranted() async throws {
        let node = try TransportNode()
        let handler = EchoHandler(answers: false)
        let listener = try node.listen(
            "tcp://127.0.0.1:*", options: options(credit: Credit(messages: 7, bytes: 1 << 20)), handler: handler)
        let other = try TransportNode()
        let connection = try other.connect(listener.endpoint, introduction: .test)
        let answered = Guarded(0)
        for number in 0..<50 {
            connection.request(kind: 20, body: body(number)) { result in
                if case .success = result { answered.withLock { $0 += 1 } }
            }
        }
        var replied = 0
        while replied < 50 {
            let expected = min(50, replied + 7)
            await handler.wait { $0.messages.count >= expected }
            let messages = handler.messages
            #expect(messages.count == expected)
            handler.answer(Array(messages[replied..<expected]), on: listener)
            replied = expected
        }
        // Replies come in order, so that those before this one are in when it is.
        let last = Task { try await connection.request(kind: 20, body: body(50)) }
        await handler.wait { $0.messages.count == 51 }
        handler.answer(Array(handler.messages.suffix(1)), on: listener)
        _ = try await last.value
        other.close()
        node.close()
        #expect(answered.withLock { $0 } == 50)
        #expect(node.counters.refused == 0)
    }

    @Test func aStalledPeerBlocksNobodyAndIsGivenUp() async throws {
        let folder = try SocketFolder()
        let node = try TransportNode()
        let handler = EchoHandler()
        // Its silence alone is no reason here, however slowly this goes.
        let listener = try node.listen(
            folder.endpoint,
            options: options(maxPendingBytes: 8 << 20, liveness: Liveness(silenceLimit: .seconds(600))),
            handler: handler)
        let start = SystemClock().now()
        // A client that says hello and never reads.
        let context = try ZeroMQContext()
        let dealer = try context.socket(.dealer)
        try dealer.set([.linger(.milliseconds(0)), .receiveHighWaterMark(1)])
        try dealer.connect(folder.endpoint)
        let stalledFrame = frame(Hello(version: 1, introduction: .test).envelope())
        try stalledFrame.withUnsafeBytes { try dealer.send($0, more: false) }
        let unread = frame(Envelope(kind: 20, body: [0xc0]))
        try unread.withUnsafeBytes { try dealer.send($0, more: false) }
        await handler.wait { !$0.messages.isEmpty }
        let stalled = try #require(handler.messages.first?.peer)
        let other = try TransportNode()
        let connection = try other.connect(folder.endpoint, introduction: .test)
        let large = body(0, size: 1 << 20)
        var sent = 0
        while handler.seen.withLock({ $0.lost.isEmpty }) {
            listener.send([(stalled, Envelope(kind: 50, body: large))])
            sent += 1
            #expect(try await connection.request(kind: 20, body: body(sent)).body == body(sent))
            try #require(sent < 500)
        }
        #expect(handler.seen.withLock { $0.lost } == [stalled])
        try dealer.close()
        try context.close()
        other.close()
        node.close()
        // On a machine so slow libzmq's heartbeats may miss the client first; it is given up either way.
        if SystemClock().now().since(start) < .seconds(5) { #expect(node.counters.stalledPeers == 1) }
    }

    @Test func aRestartedServerAnswersWhatTheFirstLeftOpen() async throws {
        let folder = try SocketFolder()
        let client = try TransportNode()
        let log = EventLog()
        let connection = try client.connect(folder.endpoint, introduction: .test, onEvent: log.handler)
        let first = try TransportNode()
        let silent = EchoHandler(answers: false)
        _ = try first.listen(folder.endpoint, options: options(), handler: silent)
        async let replies = withThrowingTaskGroup(of: [UInt8].self) { group in
            for number in 0..<20 {
                group.addTask { try await connection.request(kind: 20, body: body(number)).body }
            }
            var bodies: Set<[UInt8]> = []
            for try await reply in group { bodies.insert(reply) }
            return bodies
        }
        await silent.wait { $0.messages.count == 20 }
        first.close()
        await log.wait(for: .down)
        let second = try TransportNode()
        let handler = EchoHandler()
        _ = try second.listen(folder.endpoint, options: options(incarnation: 2), handler: handler)
        #expect(try await replies == Set((0..<20).map { body($0) }))
        await log.wait(for: .up(serverIncarnation: 2, isRestart: true))
        #expect(handler.messages.map(\.envelope.correlation) == silent.messages.map(\.envelope.correlation).sorted())
        client.close()
        second.close()
    }

    @Test func aCancelledTaskStopsWaitingAndItsLateReplyIsDropped() async throws {
        let node = try TransportNode()
        let handler = EchoHandler(answers: false)
        let listener = try node.listen("tcp://127.0.0.1:*", options: options(), handler: handler)
        let other = try TransportNode()
        let connection = try other.connect(listener.endpoint, introduction: .test)
        let task = Task { try await connection.request(kind: 20, body: body(1)) }
        await handler.wait { $0.messages.count == 1 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        handler.answer(handler.messages, on: listener)
        let second = Task { try await connection.request(kind: 20, body: body(2)) }
        await handler.wait { $0.messages.count == 2 }
        handler.answer(Array(handler.messages.suffix(1)), on: listener)
        #expect(try await second.value.body == body(2))
        other.close()
        node.close()
        #expect(other.counters.dropped == 1)
    }

    @Test func closingFailsWhatIsOutstandingAndWhatComesLater() async throws {
        let folder = try SocketFolder()
        let node = try TransportNode()
        let connection = try node.connect(folder.endpoint, introduction: .test)
        let results = AsyncStream<Result<Envelope, TransportError>>.makeStream()
        connection.request(kind: 20, body: [0xc0]) { results.continuation.yield($0) }
        node.close()
        node.close()
        connection.request(kind: 20, body: [0xc0]) { results.continuation.yield($0) }
        var failures = 0
        for await result in results.stream {
            #expect(throws: TransportError.closed) { try result.get() }
            failures += 1
            if failures == 2 { break }
        }
    }

    @Test func theFolderOfASocketBelongsToItsOwnerAlone() throws {
        let folder = try SocketFolder()
        let node = try TransportNode()
        _ = try node.listen(folder.endpoint, options: options(), handler: EchoHandler())
        var facts = stat()
        #expect(stat("\(folder.path)/s", &facts) == 0)
        #expect(facts.st_mode & 0o777 == 0o700)
        node.close()
    }
}
