import Model
import ServiceRuntime
import Support
import Wire

/// A host that only answers: it holds what the map gives it, and its turns take no time.
final class FakeHost: Sendable {
    let number: UInt32
    private let client: WireClient
    private let state = Guarded<LeaseGrant?>(nil)
    private let silence = Guarded(false)

    init(number: UInt32, client: WireClient) {
        self.number = number
        self.client = client
    }

    /// The last map that it was told.
    var map: LeaseGrant? { state.withLock { $0 } }

    func take(_ map: LeaseGrant) { state.withLock { $0 = map } }

    /// Says that all partitions it holds are through.
    func finish(_ round: UInt32) {
        let held = map?.leases.filter { $0.host == number } ?? []
        say(RoundFinished(host: number, round: round, leases: held))
    }

    /// Does at once what a command says.
    func answer(_ kind: WireKind, _ body: [UInt8]) {
        switch kind {
        case .leaseGrant:
            guard let map else { return }
            say(LeaseReady(host: number, grant: map.grant, round: map.closedRound))
        case .startRound: if let start = try? StartRound(body: body) { finish(start.round) }
        case .drain: if let drain = try? Drain(body: body) { say(Drained(host: number, round: drain.round)) }
        default: return
        }
    }

    /// Whether it gives no sign of life by itself any more.
    var isSilent: Bool { silence.withLock { $0 } }

    /// Gives no sign of life any more unless it is made to.
    func fallSilent() { silence.withLock { $0 = true } }

    /// A sign of life.
    func beat() {
        client.post(
            HostProgress(
                host: number, round: 0, planned: 0, committed: 0, failed: 0, calls: 0, waiting: 0, tokens: 0))
    }

    /// Sends a report.
    func say(_ message: some WireMessage) { client.request(message, expecting: Acknowledged.self) { _ in } }
}
