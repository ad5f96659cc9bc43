import Logging
import Model
import ServiceRuntime
import Support
import Transport
import Wire

@testable import AgentHostRole

/// A host that lives one life among fakes, on a clock that stands still.
final class HostScene: Sendable {
    static let number: UInt32 = 3
    static let lease = Span.milliseconds(6000)

    let time = StandingTime()
    let coordinator: FakeLink
    let recorder: FakeLink
    let desk = AskDesk()
    let life: Task<HostLife.Ending, any Error>
    private let push: Guarded<(@Sendable (ConnectionEvent) -> Void)?>
    /// The way to the llm-gateway, which nobody holds but the life.
    private let llm: Guarded<Weak>

    private struct Weak {
        weak var link: FakeLink?
    }

    /// `register` answers the registrations, counted from 0; nil accepts. `recorded` answers what is asked of the
    /// recorder beside files.
    init(
        acknowledges: Bool = true, partitions: Int = 1,
        register: @escaping @Sendable (Int) -> Problem? = { _ in nil },
        recorded: @escaping FakeLink.Answer = { _ in throw Problem(.fenced, "another holds it") }
    ) throws {
        let run = try IdleRun(partitions: partitions)
        let (hash, files) = (run.hash, run.files)
        let tries = Guarded(0)
        let coordinator = FakeLink { envelope in
            guard envelope.kind == WireKind.registerHost.rawValue else { return acknowledges ? Acknowledged() : nil }
            let number = tries.withLock { tries in
                defer { tries += 1 }
                return tries
            }
            if let problem = register(number) { throw problem }
            return HostAccepted(
                host: HostScene.number, run: "idle", runEpoch: 1, definition: hash, recorder: "recorder",
                llmGateway: "llm", embeddingGateway: "", leaseMilliseconds: 6000, scope: "idle#1")
        }
        let recorder = FakeLink { envelope in
            guard envelope.kind == WireKind.fetchBlob.rawValue else { return try recorded(envelope) }
            return Blob(bytes: files[try FetchBlob(body: envelope.body).hash] ?? [])
        }
        let (push, time) = (Guarded<(@Sendable (ConnectionEvent) -> Void)?>(nil), time)
        let llm = Guarded(Weak())
        let ports = HostPorts(
            connect: { endpoint, _, onEvent in
                switch endpoint {
                case "coordinator":
                    push.withLock { $0 = onEvent }
                    return coordinator
                case "recorder": return recorder
                default:
                    let link = FakeLink { _ in nil }
                    llm.withLock { $0.link = link }
                    return link
                }
            }, launcher: TaskLauncher(), pause: { try await time.pause($0) }, clock: time,
            threadTime: { Span(nanoseconds: 0) })
        let life = HostLife(
            name: "host-1", endpoint: "here", coordinator: "coordinator", incarnation: 7, ports: ports,
            registry: IdleRun.registry, memoryBytes: 1 << 30,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.coordinator = coordinator
        self.recorder = recorder
        self.push = push
        self.llm = llm
        self.life = Task { [desk] in try await life.run(desk: desk) }
    }

    /// What the coordinator says without being asked.
    func say(_ message: some WireMessage) {
        hear(.received(Envelope(kind: type(of: message).kind.rawValue, body: message.packed())))
    }

    func hear(_ event: ConnectionEvent) { push.withLock { $0 }?(event) }

    /// Waits until `condition` holds.
    func until(_ condition: () throws -> Bool) async rethrows { while try !condition() { await Task.yield() } }

    /// Waits until the host takes part: its files are fetched, and the heartbeat is the one of the host itself.
    func takesPart() async throws {
        let count = try IdleRun().files.count
        try await until { try recorder.requested(FetchBlob.self).count == count && beats >= 2 && time.sleepers == 1 }
    }

    /// Whether something of the life is still in memory.
    var isKept: Bool { llm.withLock { $0.link != nil } }

    /// Heartbeats so far.
    var beats: Int {
        get throws { try coordinator.requested(HostProgress.self).count + coordinator.posted(HostProgress.self).count }
    }
}
