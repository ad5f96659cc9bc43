import Glibc
import Model
import ServiceRuntime
import Support
import Transport
import Wire

/// A short conversation with the coordinator that plays a run.
struct CoordinatorContact: Sendable {
    private let client: WireClient
    private let endpoint: String

    /// How long it may take to answer: it answers at once, unless the machine is far too busy.
    private static let limit = Span.seconds(30)

    /// Connects, talks, and leaves.
    static func talk<Result: Sendable>(
        to endpoint: String, as role: String, _ context: ServiceContext,
        _ body: (CoordinatorContact) async throws -> Result
    ) async throws -> Result {
        let node = try TransportNode(name: "\(role).net", clock: context.clock)
        defer { node.close() }
        // Tells one such conversation from another; no result depends on it.
        let introduction = PeerIntroduction(
            role: role, name: "\(role)-\(getpid())", incarnation: UInt64.random(in: 1...UInt64.max))
        let client = WireClient(try node.connect(endpoint, introduction: introduction))
        return try await body(CoordinatorContact(client: client, endpoint: endpoint))
    }

    /// How the run is doing.
    func status() async throws -> RunStatus {
        let client = client
        return try await within(Self.limit, at: endpoint) {
            try await client.request(RequestStatus(), expecting: RunStatus.self)
        }
    }

    /// Intervenes, and gives the round from which on each intervention has effect: then they are durable. Waits for as
    /// long as it takes.
    func intervene(_ message: Intervene) async throws -> [UInt32] {
        try await client.request(message, expecting: Intervened.self).rounds
    }

    /// Asks it to pause, go on or stop.
    func control(_ control: RunControl) async throws {
        let client = client
        _ = try await within(Self.limit, at: endpoint) {
            try await client.request(ControlRun(control: control), expecting: Acknowledged.self)
        }
    }
}
