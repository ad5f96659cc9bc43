import ServiceRuntime
import Support
import Transport
import Wire

/// Stands between the recorder and its socket, and tells the ledger of every answer that leaves.
final class RecorderTap: ListenerHandler, @unchecked Sendable {
    private struct Question: Hashable {
        var peer: PeerID
        var correlation: UInt64
    }

    private let server: WireServer
    private let ledger: Ledger
    private let arrived: () -> Void
    private var open: [Question: Envelope] = [:]

    init(_ server: WireServer, ledger: Ledger, arrived: @escaping () -> Void) {
        self.server = server
        self.ledger = ledger
        self.arrived = arrived
    }

    func received(_ batch: [(peer: PeerID, envelope: Envelope)], on sink: any ReplySink) {
        for (peer, envelope) in batch {
            open[Question(peer: peer, correlation: envelope.correlation)] = envelope
        }
        server.received(batch, on: Exit(tap: self, sink: sink))
        arrived()
    }

    func peerArrived(_ peer: PeerID, _ introduction: PeerIntroduction, on sink: any ReplySink) {
        server.peerArrived(peer, introduction, on: sink)
    }

    func peerLost(_ peer: PeerID, on sink: any ReplySink) {
        // What it asked for is still done, and the answer tells, though nobody hears it.
        server.peerLost(peer, on: sink)
    }

    private struct Exit: ReplySink {
        let tap: RecorderTap
        let sink: any ReplySink

        func send(_ messages: [(peer: PeerID, envelope: Envelope)]) {
            for (peer, envelope) in messages { tap.left(peer, envelope) }
            sink.send(messages)
        }
    }

    private func left(_ peer: PeerID, _ answer: Envelope) {
        let question = Question(peer: peer, correlation: answer.correlation)
        guard let request = open.removeValue(forKey: question) else { return }
        ledger.recorderAnswered(request, with: answer)
    }
}
