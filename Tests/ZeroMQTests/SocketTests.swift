import Glibc
import Support
import Testing
import ZeroMQ

@Suite struct SocketTests {
    /// Receives one part, waiting for it in the kernel.
    private func receive(_ socket: ZeroMQSocket) throws -> (bytes: [UInt8], more: Bool) {
        var poller = ZeroMQPoller()
        let place = poller.add(socket)
        while true {
            if let part = try socket.receive({ (bytes: Array($0), more: $1) }) { return part }
            try poller.wait(milliseconds: 5000)
            try #require(poller.isReadable(at: place))
        }
    }

    private func send(_ parts: [[UInt8]], to socket: ZeroMQSocket) throws {
        for (index, part) in parts.enumerated() {
            try part.withUnsafeBytes { try socket.send($0, more: index + 1 < parts.count) }
        }
    }

    @Test func messagesGoFromDealerToRouterAndBack() throws {
        let context = try ZeroMQContext()
        let router = try context.socket(.router)
        let dealer = try context.socket(.dealer)
        try router.set([.routerMandatory(true), .linger(.milliseconds(0)), .maximumMessageBytes(1 << 20)])
        try dealer.set([.routingID(Array("me".utf8)), .linger(.milliseconds(0))])
        try router.bind("tcp://127.0.0.1:*")
        let endpoint = try router.lastEndpoint()
        #expect(endpoint.hasPrefix("tcp://127.0.0.1:") && !endpoint.hasSuffix("*"))
        try dealer.connect(endpoint)
        try send([[1, 2, 3]], to: dealer)
        let heading = try receive(router)
        #expect(heading.bytes == Array("me".utf8) && heading.more)
        let body = try receive(router)
        #expect(body.bytes == [1, 2, 3] && !body.more)
        try send([heading.bytes, []], to: router)
        #expect(try receive(dealer).bytes.isEmpty)
        try dealer.close()
        try router.close()
        try context.close()
    }

    @Test func aMandatoryRouterReportsAPeerThatIsNotThere() throws {
        let context = try ZeroMQContext()
        let router = try context.socket(.router)
        try router.set([.routerMandatory(true), .linger(.milliseconds(0))])
        try router.bind("inproc://nobody")
        let error = #expect(throws: ZeroMQError.self) { try send([[9], [1]], to: router) }
        #expect(error?.isUnreachable == true && error?.isRetriable == false)
    }

    @Test func aDealerWithoutAConnectionSaysTryAgain() throws {
        let context = try ZeroMQContext()
        let dealer = try context.socket(.dealer)
        try dealer.set([.immediate(true), .linger(.milliseconds(0))])
        try dealer.connect("ipc:///nonexistent/folder/socket")
        let error = #expect(throws: ZeroMQError.self) { try send([[1]], to: dealer) }
        #expect(error?.isRetriable == true)
    }

    @Test func errorsNameTheOperationAndClosedSocketsRefuse() throws {
        let context = try ZeroMQContext()
        let first = try context.socket(.router)
        let second = try context.socket(.router)
        try first.bind("inproc://taken")
        let error = #expect(throws: ZeroMQError.self) { try second.bind("inproc://taken") }
        #expect(error?.isAddressInUse == true)
        #expect(error?.description.hasPrefix("bind inproc://taken: ") == true)
        try first.close()
        try first.close()
        #expect(throws: ZeroMQError.self) { try first.receive { _, _ in } }
        try second.close()
        try context.close()
        #expect(throws: ZeroMQError.self) { try context.socket(.dealer) }
    }

    @Test func aPollerWakesForDescriptors() throws {
        let event = try EventFD()
        var poller = ZeroMQPoller()
        let place = poller.add(descriptor: event.descriptor)
        try poller.wait(milliseconds: 0)
        #expect(!poller.isReadable(at: place))
        event.signal()
        try poller.wait(milliseconds: 5000)
        #expect(poller.isReadable(at: place))
    }
}
