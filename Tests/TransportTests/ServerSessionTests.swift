import MessagePack
import Support
import Testing

@testable import Transport

private struct Server {
    var session: ServerSession
    var now = Instant(nanoseconds: 1_000_000_000)
    var actions: [ServerAction] = []

    init(_ options: ListenerOptions = ListenerOptions(incarnation: 5, credit: Credit(messages: 2, bytes: 100))) {
        session = ServerSession(options: options, now: now)
    }

    static func greeted() -> Server {
        var server = Server()
        server.receive(hello())
        server.actions = []
        return server
    }

    static func hello(version: UInt64 = 1, incarnation: UInt64 = 1) -> Envelope {
        let introduction = PeerIntroduction(role: "host", name: "a", incarnation: incarnation)
        return Hello(version: version, introduction: introduction).envelope()
    }

    mutating func receive(_ envelopes: Envelope...) { session.received(envelopes, now: now, into: &actions) }

    mutating func pass(_ span: Span) {
        now = now + span
        session.tick(now: now, into: &actions)
    }

    mutating func taken() -> [String] {
        defer { actions = [] }
        return actions.map { action in
            switch action {
            case .send(let envelope): "send \(envelope.kind)"
            case .refuse(let refusal, let correlation): "refuse #\(correlation) \(refusal.code.rawValue)"
            case .deliver(let envelope): "deliver #\(envelope.correlation)"
            case .arrived(let introduction): "arrived \(introduction.name).\(introduction.incarnation)"
            case .lost: "lost"
            }
        }
    }
}

private func request(_ correlation: UInt64, bytes: Int = 1) -> Envelope {
    Envelope(kind: 20, correlation: correlation, body: [UInt8](repeating: 0xc0, count: bytes))
}

@Suite struct ServerSessionTests {
    @Test func helloComesFirstAndOneRefusalAnswersAFrame() {
        var server = Server()
        server.receive(request(1), request(2))
        #expect(server.taken() == ["refuse #0 hello-first"])
        server.receive(Server.hello(), request(1))
        #expect(server.taken() == ["arrived a.1", "send 2", "deliver #1"])
    }

    @Test func helloOfAnotherVersionOrShapeIsRefused() {
        var server = Server()
        server.receive(Server.hello(version: 2))
        server.receive(Envelope(kind: TransportKind.hello, body: [0xc0]))
        let name = String(repeating: "n", count: 257)
        server.receive(
            Hello(version: 1, introduction: PeerIntroduction(role: "r", name: name, incarnation: 1)).envelope())
        #expect(server.taken() == ["refuse #0 version", "refuse #0 malformed", "refuse #0 malformed"])
        #expect(server.session.introduction == nil)
    }

    @Test func whoIsNotAdmittedIsRefused() {
        let options = ListenerOptions(incarnation: 1) { introduction in
            introduction.role == "host" ? Refusal(.unauthorised, "no hosts") : nil
        }
        var server = Server(options)
        server.receive(Server.hello())
        #expect(server.taken() == ["refuse #0 unauthorised"])
    }

    @Test func creditIsEnforcedAndComesBackWithTheReply() {
        var server = Server.greeted()
        server.receive(request(1), request(2), request(3), request(0))
        #expect(server.taken() == ["deliver #1", "deliver #2", "refuse #3 credit", "deliver #0"])
        server.session.sending(request(1), now: server.now)
        server.receive(request(4))
        #expect(server.taken() == ["deliver #4"])
        #expect(server.session.outstanding == Credit(messages: 2, bytes: 2))
    }

    @Test func bytesAreCreditTooAndOneLongRequestMayGoAlone() {
        var server = Server.greeted()
        server.receive(request(1, bytes: 500), request(2))
        #expect(server.taken() == ["deliver #1", "refuse #2 credit"])
    }

    @Test func aRequestThatComesTwiceCountsOnce() {
        var server = Server.greeted()
        server.receive(request(1), request(1), request(2))
        #expect(server.taken() == ["deliver #1", "deliver #1", "deliver #2"])
    }

    @Test func helloAgainIsWelcomedAgainAndAnotherStartIsAnotherPeer() {
        var server = Server.greeted()
        server.receive(request(1), Server.hello())
        #expect(server.taken() == ["deliver #1", "send 2"])
        #expect(server.session.outstanding.messages == 1)
        server.receive(Server.hello(incarnation: 2))
        #expect(server.taken() == ["lost", "arrived a.2", "send 2"])
        #expect(server.session.outstanding.messages == 0)
    }

    @Test func reservedKindsThatNoClientSendsAreRefused() {
        var server = Server.greeted()
        server.receive(Envelope(kind: 15, correlation: 8, body: [0xc0]), Envelope(kind: 0, body: [0xc0]))
        #expect(server.taken() == ["refuse #8 unknown-kind", "refuse #0 unknown-kind"])
    }

    @Test func pingsAreAnsweredAndSilenceLosesThePeer() {
        var server = Server.greeted()
        server.receive(Envelope(kind: TransportKind.ping, body: [0xc0]))
        #expect(server.taken() == ["send 5"])
        server.pass(.seconds(1))
        #expect(server.taken() == ["send 4"])
        server.session.sending(request(0), now: server.now)
        server.pass(.milliseconds(500))
        #expect(server.taken() == [])
        server.pass(.seconds(5))
        #expect(server.taken() == ["lost"])
        server.receive(Envelope(kind: TransportKind.goodbye, body: [0xc0]))
        #expect(server.taken() == ["lost"])
    }
}
