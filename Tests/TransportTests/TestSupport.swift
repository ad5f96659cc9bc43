import Glibc
import Support
import Testing

@testable import Transport

/// A folder for sockets that goes away with it.
final class SocketFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/gensim-test-XXXXXX".utf8CString)
        let made = mkdtemp(&template) != nil
        try #require(made)
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        unlink("\(path)/s/server")
        rmdir("\(path)/s")
        rmdir(path)
    }

    var endpoint: String { "ipc://\(path)/s/server" }
}

/// Answers each request with its own body, or keeps requests until told to answer.
final class EchoHandler: ListenerHandler {
    struct Seen {
        var batches: [[(peer: PeerID, envelope: Envelope)]] = []
        var arrived: [PeerIntroduction] = []
        var lost: [PeerID] = []
    }

    private let answers: Bool
    let seen = Guarded(Seen())
    private let changes = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    init(answers: Bool = true) { self.answers = answers }

    func received(_ batch: [(peer: PeerID, envelope: Envelope)], on listener: any ReplySink) {
        seen.withLock { $0.batches.append(batch) }
        if answers { answer(batch, on: listener) }
        changes.continuation.yield()
    }

    func answer(_ batch: [(peer: PeerID, envelope: Envelope)], on listener: any ReplySink) {
        listener.send(
            batch.filter { $0.envelope.correlation != 0 }.map { peer, envelope in
                (peer, Envelope(kind: envelope.kind + 1, correlation: envelope.correlation, body: envelope.body))
            })
    }

    func peerArrived(_ peer: PeerID, _ introduction: PeerIntroduction, on listener: any ReplySink) {
        seen.withLock { $0.arrived.append(introduction) }
        changes.continuation.yield()
    }

    func peerLost(_ peer: PeerID, on listener: any ReplySink) {
        seen.withLock { $0.lost.append(peer) }
        changes.continuation.yield()
    }

    var messages: [(peer: PeerID, envelope: Envelope)] { seen.withLock { $0.batches.flatMap { $0 } } }

    /// Waits until what was seen satisfies a condition; looked at after each change.
    func wait(until condition: (EchoHandler) -> Bool) async {
        if condition(self) { return }
        for await _ in changes.stream where condition(self) { return }
    }
}

/// Collects the events of a connection.
final class EventLog: Sendable {
    private let events = Guarded<[ConnectionEvent]>([])
    private let changes = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    var handler: @Sendable (ConnectionEvent) -> Void {
        { event in
            self.events.withLock { $0.append(event) }
            self.changes.continuation.yield()
        }
    }

    func wait(for event: ConnectionEvent) async {
        if events.withLock({ $0.contains(event) }) { return }
        for await _ in changes.stream where events.withLock({ $0.contains(event) }) { return }
    }
}

extension PeerIntroduction {
    static let test = PeerIntroduction(role: "test", name: "client", incarnation: 1)
}
