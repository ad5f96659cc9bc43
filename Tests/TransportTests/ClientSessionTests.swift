import Support
import Testing

@testable import Transport

/// A client session driven by hand, with a clock that stands until it is moved.
private struct Client {
    var session: ClientSession<String>
    var now = Instant(nanoseconds: 1_000_000_000)
    var actions: ClientSession<String>.Actions = []

    init(_ options: ConnectionOptions = ConnectionOptions()) {
        let introduction = PeerIntroduction(role: "test", name: "t", incarnation: 1)
        session = ClientSession(introduction: introduction, options: options, now: now)
    }

    /// A client that was welcomed, with its first actions taken.
    static func welcomed(_ credit: Credit = Credit(messages: 2, bytes: 1000)) -> Client {
        var client = Client()
        client.session.start(now: client.now, into: &client.actions)
        client.receive(welcome(1, credit))
        client.actions = []
        return client
    }

    static func welcome(_ incarnation: UInt64, _ credit: Credit = Credit(messages: 2, bytes: 1000)) -> Envelope {
        Welcome(version: 1, incarnation: incarnation, credit: credit, maxFrameBytes: 1 << 20).envelope()
    }

    mutating func receive(_ envelopes: Envelope...) { session.received(envelopes, now: now, into: &actions) }

    mutating func submit(_ correlation: UInt64, bytes: Int = 1) {
        let envelope = Envelope(kind: 20, correlation: correlation, body: [UInt8](repeating: 0xc0, count: bytes))
        session.submit(envelope, ticket: "request \(correlation)", now: now, into: &actions)
    }

    mutating func pass(_ span: Span) {
        now = now + span
        session.tick(now: now, into: &actions)
    }

    /// The actions since the last call, in words.
    mutating func taken() -> [String] {
        defer { actions = [] }
        return actions.map { action in
            switch action {
            case .send(let envelope):
                envelope.correlation == 0 ? "send \(envelope.kind)" : "send #\(envelope.correlation)"
            case .complete(let ticket, .success): "\(ticket) answered"
            case .complete(let ticket, .failure(let error)): "\(ticket) failed: \(error)"
            case .report(.up(_, let isRestart)): isRestart ? "up again" : "up"
            case .report(.down): "down"
            case .report(.received(let envelope)): "received \(envelope.kind)"
            case .report(.refused(let refusal)): "refused \(refusal.code.rawValue)"
            case .drop: "drop"
            }
        }
    }
}

private func reply(_ correlation: UInt64) -> Envelope { Envelope(kind: 21, correlation: correlation, body: [0xc0]) }

@Suite struct ClientSessionTests {
    @Test func nothingButHelloGoesOutBeforeTheWelcome() {
        var client = Client()
        client.session.start(now: client.now, into: &client.actions)
        client.submit(1)
        client.session.post([Envelope(kind: 30, body: [0xc0])], now: client.now, into: &client.actions)
        #expect(client.taken() == ["send 1"])
        client.receive(Client.welcome(1))
        #expect(client.taken() == ["up", "send 30", "send #1"])
    }

    @Test func requestsBeyondTheCreditWaitInOrder() {
        var client = Client.welcomed()
        for correlation in 1...4 { client.submit(UInt64(correlation)) }
        #expect(client.taken() == ["send #1", "send #2"])
        client.receive(reply(2))
        #expect(client.taken() == ["request 2 answered", "send #3"])
        client.receive(reply(1), reply(3))
        #expect(client.taken() == ["request 1 answered", "request 3 answered", "send #4"])
    }

    @Test func bytesAreCreditTooAndAWholeCreditIsEnoughForOneLongRequest() {
        var client = Client.welcomed(Credit(messages: 10, bytes: 100))
        client.submit(1, bytes: 60)
        client.submit(2, bytes: 60)
        client.submit(3, bytes: 500)
        #expect(client.taken() == ["send #1"])
        client.receive(reply(1))
        #expect(client.taken() == ["request 1 answered", "send #2"])
        client.receive(reply(2))
        #expect(client.taken() == ["request 2 answered", "send #3"])
    }

    @Test func aRestartedServerGetsEverythingAgainInOrder() {
        var client = Client.welcomed(Credit(messages: 3, bytes: 1000))
        for correlation in 1...5 { client.submit(UInt64(correlation)) }
        client.receive(reply(2))
        _ = client.taken()
        let refusal = Refusal(.helloFirst, "who are you").envelope(correlation: 0)
        client.receive(refusal, refusal)
        client.submit(6)
        #expect(client.taken() == ["send 1"])
        client.receive(Client.welcome(2, Credit(messages: 3, bytes: 1000)))
        #expect(client.taken() == ["up again", "send #1", "send #3", "send #4"])
        client.receive(reply(1))
        #expect(client.taken() == ["request 1 answered", "send #5"])
    }

    @Test func aSecondWelcomeOfTheSameServerChangesNothing() {
        var client = Client.welcomed()
        client.submit(1)
        _ = client.taken()
        client.receive(Client.welcome(1))
        #expect(client.taken() == [])
    }

    @Test func aRefusedRequestFailsAloneAndFreesItsCredit() {
        var client = Client.welcomed(Credit(messages: 1, bytes: 1000))
        client.submit(1)
        client.submit(2)
        _ = client.taken()
        client.receive(Refusal(.unknownKind, "what", advice: "else").envelope(correlation: 1))
        #expect(client.taken() == ["request 1 failed: refused, unknown-kind: what; else", "send #2"])
    }

    @Test func aRefusedHelloFailsRequestsUntilALaterOneIsWelcome() {
        var client = Client()
        client.session.start(now: client.now, into: &client.actions)
        client.submit(1)
        client.receive(Refusal(.version, "old").envelope(correlation: 0))
        client.submit(2)
        let failure = "failed: refused, version: old"
        #expect(client.taken() == ["send 1", "refused version", "request 1 \(failure)", "request 2 \(failure)"])
        client.pass(.seconds(1))
        #expect(client.taken() == ["send 1"])
        client.receive(Client.welcome(1))
        client.submit(3)
        #expect(client.taken() == ["up", "send #3"])
    }

    @Test func anUnreadableFrameFailsWhatWasUnderWay() {
        var client = Client.welcomed()
        client.submit(1)
        _ = client.taken()
        client.receive(Refusal(.malformed, "rubbish").envelope(correlation: 0))
        #expect(client.taken() == ["refused malformed", "request 1 failed: refused, malformed: rubbish"])
    }

    @Test func aCancelledRequestKeepsItsCreditUntilTheLateReply() {
        var client = Client.welcomed(Credit(messages: 1, bytes: 1000))
        client.submit(1)
        client.submit(2)
        client.submit(3)
        _ = client.taken()
        #expect(client.session.cancel(1) == "request 1")
        #expect(client.session.cancel(1) == nil)
        #expect(client.session.cancel(2) == "request 2")
        client.receive(reply(1))
        #expect(client.taken() == ["drop", "send #3"])
        #expect(client.session.outstanding == Credit(messages: 1, bytes: 1))
    }

    @Test func repliesThatNobodyAskedForAreDropped() {
        var client = Client.welcomed()
        client.receive(reply(77), Envelope(kind: 9, body: [0xc0]))
        #expect(client.taken() == ["drop", "drop"])
        #expect(client.session.outstanding == Credit(messages: 0, bytes: 0))
    }

    @Test func messagesOfTheServersOwnAreReported() {
        var client = Client.welcomed()
        client.receive(Envelope(kind: 40, body: [0xc0]), Envelope(kind: TransportKind.ping, body: [0xc0]))
        #expect(client.taken() == ["received 40", "send 5"])
    }

    @Test func anIdleClientPingsAndNoticesSilenceAndReturn() {
        var client = Client.welcomed()
        client.pass(.milliseconds(900))
        #expect(client.taken() == [])
        client.pass(.milliseconds(100))
        #expect(client.taken() == ["send 4"])
        for _ in 0..<4 { client.pass(.seconds(1)) }
        #expect(client.taken() == ["send 4", "send 4", "send 4", "send 4"])
        client.pass(.seconds(1))
        #expect(client.taken() == ["down", "send 4"])
        client.pass(.seconds(1))
        #expect(client.taken() == ["send 4"])
        client.receive(Envelope(kind: TransportKind.pong, body: [0xc0]))
        #expect(client.taken() == ["up"])
    }

    @Test func afterAGoodbyeHelloIsSaidAgain() {
        var client = Client.welcomed()
        client.submit(1)
        client.receive(Envelope(kind: TransportKind.goodbye, body: [0xc0]))
        #expect(client.taken() == ["send #1", "down"])
        client.pass(.seconds(1))
        #expect(client.taken() == ["send 1"])
        client.receive(Client.welcome(2))
        #expect(client.taken() == ["up again", "send #1"])
    }

    @Test func boundsAreKept() {
        var client = Client(ConnectionOptions(maxFrameBytes: 200, maxWaitingBytes: 150))
        client.submit(1, bytes: 300)
        client.submit(2, bytes: 100)
        client.submit(3, bytes: 100)
        let post = Envelope(kind: 30, body: [UInt8](repeating: 0xc0, count: 100))
        client.session.post([post, post], now: client.now, into: &client.actions)
        let taken = client.taken()
        #expect(taken.count == 3)
        #expect(taken[0].hasPrefix("request 1 failed: a message of 300 bytes"))
        #expect(taken[1].hasPrefix("request 3 failed: more than 150 bytes"))
        #expect(taken[2] == "drop")
    }

    @Test func closingFailsAllRequestsInOrder() {
        var client = Client.welcomed(Credit(messages: 1, bytes: 1000))
        client.submit(1)
        client.submit(2)
        _ = client.taken()
        client.session.close(now: client.now, into: &client.actions)
        let closed = TransportError.closed
        #expect(client.taken() == ["send 6", "request 1 failed: \(closed)", "request 2 failed: \(closed)"])
    }
}
