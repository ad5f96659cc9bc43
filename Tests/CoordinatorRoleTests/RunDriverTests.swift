import ClusterLogic
import Foundation
import Hashing
import Logging
import MetricsServer
import Model
import ServiceRuntime
import Support
import TestKit
import Testing
import Transport
import Wire

@testable import CoordinatorRole
@testable import MetricsServer

/// The driver over real sockets, with a recorder and a host that only answer.
@Suite struct RunDriverTests {
    /// Answers as a recorder would, and remembers what it was asked.
    private func recorder(
        _ seen: Guarded<[WireKind]>, _ confirmations: Guarded<Int>, refusing refused: WireKind?, by problem: Problem,
        times: Int
    ) -> WireServer {
        var server = WireServer()
        let left = Guarded(times)
        @Sendable func answer(_ kind: WireKind, _ responder: Responder, _ reply: some WireMessage) {
            seen.withLock { $0.append(kind) }
            let isRefused =
                kind == refused
                && left.withLock { left in
                    left -= 1
                    return left >= 0
                }
            if isRefused {
                responder.fail(problem)
            } else {
                responder.reply(reply)
            }
        }
        // How often it comes follows the clock: no step of the run.
        server.on(RaiseEpoch.self) { _, responder in
            confirmations.withLock { $0 += 1 }
            if refused == .raiseEpoch { responder.fail(problem) } else { responder.reply(Acknowledged()) }
        }
        server.on(GrantPartitions.self) { answer(.grantPartitions, $1, Acknowledged()) }
        server.on(RecordInterventions.self) { answer(.recordInterventions, $1, Intervened(rounds: [2])) }
        server.on(OpenRound.self) { answer(.openRound, $1, Acknowledged()) }
        server.on(MergeRound.self) {
            answer(.mergeRound, $1, RoundMerged(roots: 8, failed: 0, contributions: 0, interventions: 0))
        }
        server.on(CloseRound.self) { answer(.closeRound, $1, RoundClosed(digest: blobHash([]), isLast: false)) }
        server.on(FinishRun.self) { answer(.finishRun, $1, Acknowledged()) }
        return server
    }

    /// A host that finishes every step at once, or as `onCommand` has it.
    private func host(
        _ node: TransportNode, _ coordinator: String, name: String, beats: Bool = false,
        onCommand: @escaping @Sendable (WireKind, FakeHost) -> Bool = { _, _ in true }
    ) async throws -> FakeHost {
        let (commands, post) = AsyncStream.makeStream(of: Envelope.self)
        let connection = try node.connect(
            coordinator, introduction: PeerIntroduction(role: "agent-host", name: name, incarnation: 1)
        ) { event in if case .received(let envelope) = event { post.yield(envelope) } }
        let client = WireClient(connection)
        let accepted = try await client.request(
            RegisterHost(
                name: name, incarnation: 1, endpoint: "inproc://\(name)", programVersion: ProgramVersion.current),
            expecting: HostAccepted.self)
        let host = FakeHost(number: accepted.host, client: client)
        Task {
            for await envelope in commands {
                guard let kind = WireKind(rawValue: envelope.kind) else { continue }
                if kind == .leaseGrant { host.take(try LeaseGrant(body: envelope.body)) }
                if onCommand(kind, host) { host.answer(kind, envelope.body) }
            }
        }
        if beats {
            Task {
                for _ in 0..<1200 where !host.isSilent {
                    host.beat()
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
        }
        return host
    }

    private struct Setting {
        var node: TransportNode
        var driver = RunDriver()
        var seen = Guarded<[WireKind]>([])
        /// How often the coordinator asked whether the run is still its own.
        var confirmations = Guarded(0)
        var folder: TemporaryFolder
        var coordinator: Listener
        var recorder: WireClient
    }

    private func setting(
        refusing refused: WireKind? = nil, by problem: Problem = Problem(.storage, "the disk is full"),
        times: Int = .max
    ) throws -> Setting {
        let folder = try TemporaryFolder()
        let node = try TransportNode()
        let driver = RunDriver()
        let seen = Guarded<[WireKind]>([])
        let confirmations = Guarded(0)
        let listener = try node.listen(
            "ipc://\(folder.path)/c.sock", options: ListenerOptions(incarnation: 1), handler: driver.server())
        let store = try node.listen(
            "ipc://\(folder.path)/r.sock", options: ListenerOptions(incarnation: 1),
            handler: recorder(seen, confirmations, refusing: refused, by: problem, times: times))
        let client = WireClient(
            try node.connect(
                store.endpoint, introduction: PeerIntroduction(role: "coordinator", name: "c", incarnation: 1)))
        return Setting(
            node: node, driver: driver, seen: seen, confirmations: confirmations, folder: folder, coordinator: listener,
            recorder: client)
    }

    private func play(_ setting: Setting, hosts: Int, rounds: UInt32 = 2, lease: UInt32 = 6000) async
        -> RunDriver.Result
    {
        await setting.driver.run(
            plan: RunPlan(
                hosts: hosts, partitions: 4, rounds: rounds, runEpoch: 1, secondsPerRound: 3600,
                hasEnvironment: false, toleratedFailures: 0),
            owner: 1,
            welcome: HostAccepted(
                host: 0, run: "test", runEpoch: 1, definition: blobHash([]), recorder: "r", llmGateway: "l",
                embeddingGateway: "", leaseMilliseconds: lease, scope: "test#1"),
            recorder: setting.recorder, listener: setting.coordinator, clock: SystemClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, printer: ProgressPrinter(style: .quiet))
    }

    @Test(.timeLimit(.minutes(1))) func aCoordinatorThatOnlyWaitsEndsWhenAnotherPlaysTheRun() async throws {
        let setting = try setting(
            refusing: .raiseEpoch, by: Problem(.conflict, "epoch 1 does not follow the run's epoch 2"))
        let result = await play(setting, hosts: 1, lease: 300)
        guard case .failed(let reason) = result.outcome else {
            Issue.record("it ended as \(result.outcome)")
            return
        }
        #expect(reason.contains("another coordinator plays the run"))
        #expect(result.isDeposed)
        let advice = result.advice(program: "coordinator", folder: "town")
        #expect(advice.contains("coordinator status town") && !advice.contains("--resume"))
    }

    @Test(.timeLimit(.minutes(1))) func aRecorderThatIsBusySaysNothingOfWhoPlaysTheRun() async throws {
        let setting = try setting(refusing: .raiseEpoch, by: Problem(.overloaded, "busy"))
        async let result = play(setting, hosts: 1, lease: 300)
        while setting.confirmations.withLock({ $0 }) < 2 { await Task.yield() }
        setting.driver.post.yield(.event(.stopRequested))
        #expect(await result.outcome == .stopped)
    }

    @Test func aCoordinatorIsReadyWhileItsRunIsOpen() async throws {
        let setting = try setting()
        let desk = RunDesk()
        let server = try await MetricsServer.start(
            at: .standard, source: RunMetrics.source(desk), version: "1", limit: .seconds(60))
        let client = LoopbackHTTP(port: server.address.port)
        let early = try await client.get("/readyz")
        #expect(early.status == 503)
        #expect(early.body == "no run is open: it is being prepared, or over\n")
        #expect(try await client.get("/livez").status == 200)
        desk.open(setting.driver)
        async let result = play(setting, hosts: 1, rounds: 2)
        #expect(try await client.get("/readyz").status == 200)
        let text = try ExpositionText(try await client.get("/metrics").body)
        #expect(text.value("gensim_run_planned_rounds") == 2)
        #expect(text.value("gensim_run_hosts") == 0)
        #expect(text.value("gensim_run_wanted_hosts") == 1)
        #expect(text.value("gensim_run_phase", ["phase": "starting"]) == 1)
        _ = try await host(setting.node, setting.coordinator.endpoint, name: "a")
        _ = await result
        // Whether or not the desk knows it yet.
        #expect(try await client.get("/readyz").status == 503)
        #expect(try await client.get("/livez").status == 200)
        await server.stop()
    }

    @Test func twoHostsPlayTwoRounds() async throws {
        let setting = try setting()
        // These hosts send no heartbeats: the lease outlives the test, however slow the machine.
        async let result = play(setting, hosts: 2, lease: 600_000)
        let first = try await host(setting.node, setting.coordinator.endpoint, name: "a")
        let second = try await host(setting.node, setting.coordinator.endpoint, name: "b")
        #expect(first.number != second.number)
        let ended = await result
        #expect(ended.outcome == .finished)
        #expect(ended.closedRound == 2)
        #expect(
            setting.seen.withLock { $0 } == [
                .grantPartitions, .openRound, .mergeRound, .closeRound, .openRound, .mergeRound, .closeRound,
                .finishRun,
            ])
        setting.node.close()
    }

    private func person(_ setting: Setting) throws -> WireClient {
        WireClient(
            try setting.node.connect(
                setting.coordinator.endpoint,
                introduction: PeerIntroduction(role: "intervene", name: "person", incarnation: 1)))
    }

    private func announcing(_ value: Value) -> Intervene {
        Intervene(
            request: Digest128(high: 1, low: 2),
            interventions: [.map(["agents": .text("environment"), "set": .map(["f": value])])])
    }

    @Test(.timeLimit(.minutes(1))) func anInterventionThatNoTreeCouldHoldIsRefusedBeforeTheRecorderIsAsked()
        async throws
    {
        let setting = try setting()
        async let result = play(setting, hosts: 1)
        let deep = (0..<59).reduce(Value.int(1)) { inner, _ in .list([inner]) }
        let problem = await #expect(throws: Problem.self) {
            try await person(setting).request(announcing(deep), expecting: Intervened.self)
        }
        #expect(problem?.code == .invalid && problem?.what.contains("nested") == true, "\(problem as Any)")
        setting.driver.post.yield(.event(.stopRequested))
        #expect(await result.outcome == .stopped)
        #expect(!setting.seen.withLock { $0.contains(.recordInterventions) })
    }

    @Test(.timeLimit(.minutes(1))) func aCoordinatorThatIsDeposedDoesNotSayThatAnInterventionIsNotKept() async throws {
        let setting = try setting(
            refusing: .recordInterventions, by: Problem(.fenced, "epoch 1 is not the run's"))
        async let result = play(setting, hosts: 1)
        let problem = await #expect(throws: Problem.self) {
            try await person(setting).request(announcing(.int(1)), expecting: Intervened.self)
        }
        #expect(problem?.code == .unavailable && problem?.what.contains("may have been kept") == true)
        #expect(problem?.advice.contains("same number") == true)
        #expect(await result.isDeposed)
    }

    @Test(.timeLimit(.minutes(1))) func aRequestThatChangesUnderItsNumberIsRefusedWhileItWaits() async throws {
        let setting = try setting(
            refusing: .recordInterventions, by: Problem(.overloaded, "busy"))
        async let result = play(setting, hosts: 1)
        let person = try person(setting)
        let message = announcing(.int(1))
        let first = Task { try await person.request(message, expecting: Intervened.self) }
        while !setting.seen.withLock({ $0.contains(.recordInterventions) }) { await Task.yield() }
        let problem = await #expect(throws: Problem.self) {
            try await person.request(announcing(.int(2)), expecting: Intervened.self)
        }
        #expect(problem?.code == .conflict)
        setting.driver.post.yield(.event(.recorderFailed(reason: "over")))
        #expect(await result.outcome == .failed("over"))
        await #expect(throws: Problem.self) { try await first.value }
    }

    @Test func aStopDrainsAndIsWrittenDown() async throws {
        let setting = try setting()
        async let result = play(setting, hosts: 1)
        let driver = setting.driver
        _ = try await host(setting.node, setting.coordinator.endpoint, name: "a") { kind, _ in
            // The turns of the round take for ever; the stop comes meanwhile.
            if kind == .startRound { driver.post.yield(.event(.stopRequested)) }
            return kind != .startRound
        }
        #expect(await result.outcome == .stopped)
        #expect(setting.seen.withLock { $0.last } == .finishRun)
        setting.node.close()
    }

    @Test func aHostThatCannotGoOnEndsTheRunWithItsReasonAndExitCode() async throws {
        let setting = try setting()
        async let result = play(setting, hosts: 1)
        _ = try await host(setting.node, setting.coordinator.endpoint, name: "a") { kind, host in
            guard kind == .startRound else { return true }
            let problem = Problem(.misconfigured, "the key is wrong", advice: "check it")
            host.say(HostFailed(host: host.number, problem: problem))
            return false
        }
        let ended = await result
        #expect(ended.outcome == .failed("a: the key is wrong; check it"))
        #expect(ended.problem?.exitCode == .configuration)
        setting.node.close()
    }

    @Test func aRecorderThatRefusesEndsTheRun() async throws {
        let setting = try setting(refusing: .openRound)
        async let result = play(setting, hosts: 1)
        _ = try await host(setting.node, setting.coordinator.endpoint, name: "a")
        guard case .failed(let reason) = await result.outcome else {
            Issue.record("the run went on")
            return
        }
        #expect(reason.contains("the disk is full"))
        setting.node.close()
    }

    @Test func aServiceThatIsNotStartedAgainEndsTheRun() async throws {
        let setting = try setting()
        async let result = play(setting, hosts: 1)
        // One that is started again is no more than a line for the person.
        setting.driver.post.yield(
            .childLost(LocalCluster.Loss(name: "llm-gateway", explanation: "again", isRestarted: true)))
        setting.driver.post.yield(.childLost(LocalCluster.Loss(name: "llm-gateway", explanation: "llm-gateway died")))
        #expect(await result.outcome == .failed("llm-gateway died"))
        setting.node.close()
    }

    @Test(.timeLimit(.minutes(2))) func aHostThatGoesSilentIsReplacedAndDismissedWhenItIsHeardAgain() async throws {
        let setting = try setting()
        async let result = play(setting, hosts: 2, lease: 10_000)
        let heir = Guarded<FakeHost?>(nil)
        let silent = try await host(setting.node, setting.coordinator.endpoint, name: "a", beats: true) { kind, host in
            // Told that it is out, it lets the other one end.
            if kind == .hostDismissed { heir.withLock { $0 }?.finish(1) }
            if kind == .startRound { host.fallSilent() }
            return kind == .leaseGrant
        }
        let other = try await host(setting.node, setting.coordinator.endpoint, name: "b", beats: true) { kind, host in
            guard kind == .startRound, host.map?.hosts.count == 1, host.map?.closedRound == 0 else { return true }
            // It has inherited everything; now the other one wakes.
            heir.withLock { $0 = host }
            silent.beat()
            return false
        }
        #expect(await result.outcome == .finished)
        #expect(other.map?.leases.allSatisfy { $0.host == other.number } == true)
        #expect(
            setting.seen.withLock { $0.prefix(4) } == [.grantPartitions, .openRound, .grantPartitions, .mergeRound])
        setting.node.close()
    }

    @Test func aLostChildHostIsReplacedByItsNextStartAtOnce() async throws {
        let setting = try setting()
        // A lease of ten minutes: nothing waits for it.
        async let result = play(setting, hosts: 1, lease: 600_000)
        let driver = setting.driver
        _ = try await host(setting.node, setting.coordinator.endpoint, name: "agent-host-1") { kind, _ in
            if kind == .startRound {
                driver.post.yield(
                    .childLost(LocalCluster.Loss(name: "agent-host-1", explanation: "gone", isRestarted: true)))
            }
            return kind != .startRound
        }
        let status = WireClient(
            try setting.node.connect(
                setting.coordinator.endpoint, introduction: PeerIntroduction(role: "cli", name: "s", incarnation: 3)))
        while try await status.request(RequestStatus(), expecting: RunStatus.self).phase != "waiting for hosts" {
            await Task.yield()
        }
        _ = try await host(setting.node, setting.coordinator.endpoint, name: "agent-host-2")
        #expect(await result.outcome == .finished)
        setting.node.close()
    }

    @Test func aPausedRunSaysSoAndGoesOn() async throws {
        let setting = try setting()
        async let result = play(setting, hosts: 1)
        let control = WireClient(
            try setting.node.connect(
                setting.coordinator.endpoint, introduction: PeerIntroduction(role: "cli", name: "s", incarnation: 3)))
        let starts = Guarded(0)
        let isRunning = AsyncStream.makeStream(of: Void.self)
        _ = try await host(setting.node, setting.coordinator.endpoint, name: "a", beats: true) { kind, _ in
            guard kind == .startRound else { return true }
            let count = starts.withLock { count in
                count += 1
                return count
            }
            if count == 1 { isRunning.continuation.yield() }
            return count > 1
        }
        for await _ in isRunning.stream { break }
        _ = try await control.request(ControlRun(control: .pause), expecting: Acknowledged.self)
        while try await control.request(RequestStatus(), expecting: RunStatus.self).phase != "paused" {
            await Task.yield()
        }
        #expect(setting.seen.withLock { $0 } == [.grantPartitions, .openRound, .finishRun])
        _ = try await control.request(ControlRun(control: .pause), expecting: Acknowledged.self)
        _ = try await control.request(ControlRun(control: .proceed), expecting: Acknowledged.self)
        #expect(await result.outcome == .finished)
        setting.node.close()
    }

    @Test func aRecorderThatIsBusyIsAskedAgain() async throws {
        let setting = try setting(refusing: .openRound, by: Problem(.overloaded, "one moment"), times: 2)
        async let result = play(setting, hosts: 1)
        _ = try await host(setting.node, setting.coordinator.endpoint, name: "a", beats: true)
        #expect(await result.outcome == .finished)
        #expect(setting.seen.withLock { $0.prefix(4) } == [.grantPartitions, .openRound, .openRound, .openRound])
        setting.node.close()
    }

    @Test func aHostOfAnotherVersionIsRefused() async throws {
        let setting = try setting()
        async let result = play(setting, hosts: 1)
        let client = WireClient(
            try setting.node.connect(
                setting.coordinator.endpoint,
                introduction: PeerIntroduction(role: "agent-host", name: "old", incarnation: 1)))
        await #expect(throws: Problem.self) {
            try await client.request(
                RegisterHost(name: "old", incarnation: 1, endpoint: "e", programVersion: "0.0.1"),
                expecting: HostAccepted.self)
        }
        let status = try await client.request(RequestStatus(), expecting: RunStatus.self)
        #expect(status.phase == "starting")
        setting.driver.post.yield(.event(.stopRequested))
        #expect(await result.outcome == .stopped)
        setting.node.close()
    }
}
