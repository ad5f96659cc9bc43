import Logging
import MetricsServer
import Model
import ServiceRuntime
import Support
import TestKit
import Testing
import Transport
import Wire

@testable import AgentHostRole
@testable import MetricsServer

/// A host that lives one life among fakes, on a clock that stands still.
private final class Scene: Sendable {
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

    /// `register` answers the registrations, counted from 0; nil accepts.
    init(
        acknowledges: Bool = true, register: @escaping @Sendable (Int) -> Problem? = { _ in nil }
    ) throws {
        let run = try IdleRun()
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
                host: Scene.number, run: "idle", runEpoch: 1, definition: hash, recorder: "recorder",
                llmGateway: "llm", embeddingGateway: "", leaseMilliseconds: 6000, scope: "idle#1")
        }
        let recorder = FakeLink { envelope in
            guard envelope.kind == WireKind.fetchBlob.rawValue else { throw Problem(.fenced, "another holds it") }
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

@Suite(.timeLimit(.minutes(1))) struct HostLifeTests {
    private let dismissal = HostDismissed(host: Scene.number, reason: "enough")

    @Test func aHostRegistersUnderItsNameAndFetchesTheRun() async throws {
        let scene = try Scene()
        try await scene.takesPart()
        let registrations = try scene.coordinator.requested(RegisterHost.self)
        #expect(registrations.map(\.name) == ["host-1"])
        #expect(registrations.map(\.incarnation) == [7])
        #expect(registrations.map(\.endpoint) == ["here"])
        #expect(Set(try scene.recorder.requested(FetchBlob.self).map(\.hash)) == Set(try IdleRun().files.keys))
        scene.say(dismissal)
        _ = try await scene.life.value
    }

    @Test func aHostIsReadyWhileItTakesPart() async throws {
        let scene = try Scene { $0 < 1 ? Problem(.unavailable, "the earlier one is not lost yet") : nil }
        let server = try await MetricsServer.start(
            at: .standard, source: HostMetrics.source(scene.desk, launcher: TaskLauncher(), memoryLimit: 9),
            version: "1", limit: .seconds(60))
        let client = LoopbackHTTP(port: server.address.port)
        let early = try await client.get("/readyz")
        #expect(early.status == 503)
        #expect(early.body == "not registered with the coordinator, or the run is being fetched\n")
        #expect(try await client.get("/livez").status == 200)
        try await scene.until {
            try scene.coordinator.requested(RegisterHost.self).count == 1 && scene.time.sleepers == 1
        }
        scene.time.advance(.milliseconds(200))
        try await scene.takesPart()
        #expect(try await client.get("/readyz").status == 200)
        let text = try ExpositionText(try await client.get("/metrics").body)
        #expect(text.value("gensim_host_long_term_memory_limit_bytes") == 9)
        #expect(text.value("gensim_host_turns_total") == 0)
        scene.say(dismissal)
        _ = try await scene.life.value
        #expect(try await client.get("/readyz").status == 503)
        #expect(try await client.get("/livez").status == 200)
        await server.stop()
    }

    @Test func aHostAsksAgainWhileAnEarlierIncarnationMayBeAlive() async throws {
        let scene = try Scene { $0 < 2 ? Problem(.unavailable, "the earlier one is not lost yet") : nil }
        for count in 1...2 {
            try await scene.until {
                try scene.coordinator.requested(RegisterHost.self).count == count && scene.time.sleepers == 1
            }
            scene.time.advance(.milliseconds(200))
        }
        try await scene.takesPart()
        #expect(try scene.coordinator.requested(RegisterHost.self).count == 3)
        scene.say(dismissal)
        _ = try await scene.life.value
    }

    @Test func anIncarnationThatIsRefusedForGoodIsOver() async throws {
        let scene = try Scene { _ in Problem(.fenced, "a later one is there") }
        guard case .dismissed = try await scene.life.value else {
            Issue.record("it left")
            return
        }
        #expect(try scene.beats == 0)
        #expect(scene.coordinator.isClosed)
    }

    @Test func aRefusalThatAPersonMustMendEndsTheProcess() async throws {
        let scene = try Scene { _ in Problem(.misconfigured, "another version") }
        await #expect(throws: UserError.self) { try await scene.life.value }
    }

    @Test func aHostGivesASignOfLifeEveryQuarterOfASecond() async throws {
        let scene = try Scene()
        try await scene.takesPart()
        let before = try scene.beats
        for more in 1...3 {
            scene.time.advance(.milliseconds(249))
            #expect(try scene.beats == before + more - 1)
            scene.time.advance(.milliseconds(1))
            try await scene.until { try scene.beats == before + more && scene.time.sleepers == 1 }
        }
        let progress = try scene.coordinator.requested(HostProgress.self)
        #expect(progress.allSatisfy { $0.host == Scene.number })
        scene.say(dismissal)
        _ = try await scene.life.value
        // And none after the end.
        let last = try scene.beats
        scene.time.advance(.seconds(10))
        #expect(try scene.beats == last)
        #expect(scene.time.sleepers == 0)
    }

    @Test func whileASignOfLifeIsUnansweredTheOthersWantNoAnswer() async throws {
        let scene = try Scene(acknowledges: false)
        try await scene.takesPart()
        let posted = try scene.coordinator.posted(HostProgress.self).count
        scene.time.advance(.milliseconds(250))
        try await scene.until { try scene.coordinator.posted(HostProgress.self).count == posted + 1 }
        #expect(try scene.coordinator.requested(HostProgress.self).count == 1)
        scene.say(dismissal)
        _ = try await scene.life.value
    }

    @Test func aDismissedHostEndsItsLife() async throws {
        let scene = try Scene()
        try await scene.takesPart()
        scene.say(HostDismissed(host: Scene.number + 1, reason: "not meant for us"))
        scene.say(dismissal)
        #expect(try await scene.life.value == .dismissed("enough"))
        #expect(scene.coordinator.isClosed)
        #expect(scene.recorder.isClosed)
    }

    @Test func nothingIsKeptOfALifeThatIsOver() async throws {
        let scene = try Scene()
        try await scene.takesPart()
        #expect(scene.isKept)
        scene.say(dismissal)
        _ = try await scene.life.value
        // Tasks that were cancelled may still be on their way out.
        await scene.until { !scene.isKept }
    }

    @Test func aCoordinatorThatWasStartedAnewKnowsNothingOfThisLife() async throws {
        let scene = try Scene()
        try await scene.takesPart()
        // A connection that was lost for a moment is none of that.
        scene.hear(.down)
        scene.hear(.up(serverIncarnation: 1, isRestart: false))
        scene.hear(.up(serverIncarnation: 2, isRestart: true))
        #expect(try await scene.life.value == .dismissed("the coordinator was started anew"))
    }

    @Test func aHostThatTheRecorderRefusesForAWholeLeaseTimeIsOutOfTheRun() async throws {
        let scene = try Scene()
        try await scene.takesPart()
        scene.say(
            LeaseGrant(
                grant: 1, closedRound: 0, leases: [PartitionLease(partition: 0, epoch: 1, host: Scene.number)],
                hosts: []))
        scene.say(StartRound(round: 1, time: 0))
        try await scene.until { try !scene.recorder.requested(LoadPartition.self).isEmpty }
        let start = scene.time.now()
        let ending = Guarded<HostLife.Ending?>(nil)
        let watch = Task {
            let end = try await scene.life.value
            ending.withLock { $0 = end }
        }
        while ending.withLock({ $0 }) == nil {
            let before = try scene.beats
            scene.time.advance(.milliseconds(250))
            try await scene.until { try scene.beats > before || ending.withLock { $0 } != nil }
        }
        try await watch.value
        #expect(ending.withLock { $0 } == .dismissed("the recorder knows newer leases"))
        #expect(scene.time.now().since(start) >= Scene.lease)
    }

    @Test func aHostThatIsToLeaveLeaves() async throws {
        let scene = try Scene()
        try await scene.takesPart()
        scene.life.cancel()
        #expect(try await scene.life.value == .left)
        #expect(scene.recorder.isClosed)
    }
}
