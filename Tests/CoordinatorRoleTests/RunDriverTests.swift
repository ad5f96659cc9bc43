import ClusterLogic
import Foundation
import Hashing
import Logging
import Model
import ServiceRuntime
import Support
import TestKit
import Testing
import Transport
import Wire

@testable import CoordinatorRole

/// The driver over real sockets, with a recorder and a host that only answer.
@Suite struct RunDriverTests {
    /// Answers as a recorder would, and remembers what it was asked.
    private func recorder(_ seen: Guarded<[WireKind]>, refusing refused: WireKind? = nil) -> WireServer {
        var server = WireServer()
        @Sendable func answer(_ kind: WireKind, _ responder: Responder, _ reply: some WireMessage) {
            seen.withLock { $0.append(kind) }
            if kind == refused {
                responder.fail(Problem(.storage, "the disk is full", advice: "free space"))
            } else {
                responder.reply(reply)
            }
        }
        server.on(GrantPartitions.self) { answer(.grantPartitions, $1, Acknowledged()) }
        server.on(OpenRound.self) { answer(.openRound, $1, Acknowledged()) }
        server.on(MergeRound.self) { answer(.mergeRound, $1, RoundMerged(roots: 8, failed: 0, contributions: 0)) }
        server.on(CloseRound.self) { answer(.closeRound, $1, RoundClosed(digest: blobHash([]))) }
        server.on(FinishRun.self) { answer(.finishRun, $1, Acknowledged()) }
        return server
    }

    /// A host that finishes every step at once, or as `onCommand` has it.
    private func host(
        _ node: TransportNode, _ coordinator: String, name: String,
        onCommand: @escaping @Sendable (WireKind, WireClient) -> Bool = { _, _ in true }
    ) async throws -> UInt32 {
        let (commands, post) = AsyncStream.makeStream(of: Envelope.self)
        let connection = try node.connect(
            coordinator, introduction: PeerIntroduction(role: "agent-host", name: name, incarnation: 1)
        ) { event in if case .received(let envelope) = event { post.yield(envelope) } }
        let client = WireClient(connection)
        let accepted = try await client.request(
            RegisterHost(
                name: name, incarnation: 1, endpoint: "inproc://\(name)", programVersion: ProgramVersion.current),
            expecting: HostAccepted.self)
        Task {
            for await envelope in commands {
                guard let kind = WireKind(rawValue: envelope.kind), onCommand(kind, client) else { continue }
                try await answer(envelope, kind, accepted.host, client)
            }
        }
        return accepted.host
    }

    private func answer(_ envelope: Envelope, _ kind: WireKind, _ host: UInt32, _ client: WireClient) async throws {
        let reply: any WireMessage =
            switch kind {
            case .leaseGrant: ready(try LeaseGrant(body: envelope.body), host)
            case .startRound: RoundFinished(host: host, round: try StartRound(body: envelope.body).round, leases: [])
            case .drain: Drained(host: host, round: try Drain(body: envelope.body).round)
            default: Acknowledged()
            }
        _ = try await client.request(reply, expecting: Acknowledged.self)
    }

    private func ready(_ grant: LeaseGrant, _ host: UInt32) -> LeaseReady {
        LeaseReady(host: host, grant: grant.grant, round: grant.closedRound)
    }

    private struct Setting {
        var node: TransportNode
        var driver = RunDriver()
        var seen = Guarded<[WireKind]>([])
        var folder: TemporaryFolder
        var coordinator: Listener
        var recorder: WireClient
    }

    private func setting(refusing refused: WireKind? = nil) throws -> Setting {
        let folder = try TemporaryFolder()
        let node = try TransportNode()
        let driver = RunDriver()
        let seen = Guarded<[WireKind]>([])
        let listener = try node.listen(
            "ipc://\(folder.path)/c.sock", options: ListenerOptions(incarnation: 1), handler: driver.server())
        let store = try node.listen(
            "ipc://\(folder.path)/r.sock", options: ListenerOptions(incarnation: 1),
            handler: recorder(seen, refusing: refused))
        let client = WireClient(
            try node.connect(
                store.endpoint, introduction: PeerIntroduction(role: "coordinator", name: "c", incarnation: 1)))
        return Setting(
            node: node, driver: driver, seen: seen, folder: folder, coordinator: listener, recorder: client)
    }

    private func play(_ setting: Setting, hosts: Int, rounds: UInt32 = 2) async -> RunDriver.Result {
        await setting.driver.run(
            plan: RunPlan(
                hosts: hosts, partitions: 4, rounds: rounds, runEpoch: 1, secondsPerRound: 3600,
                hasEnvironment: false, toleratedFailures: 0),
            welcome: HostAccepted(
                host: 0, run: "test", runEpoch: 1, definition: blobHash([]), recorder: "r", llmGateway: "l",
                embeddingGateway: "", leaseMilliseconds: 6000),
            recorder: setting.recorder, listener: setting.coordinator, clock: SystemClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, printer: ProgressPrinter(style: .quiet))
    }

    @Test func twoHostsPlayTwoRounds() async throws {
        let setting = try setting()
        async let result = play(setting, hosts: 2)
        let first = try await host(setting.node, setting.coordinator.endpoint, name: "a")
        let second = try await host(setting.node, setting.coordinator.endpoint, name: "b")
        #expect(first != second)
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
        _ = try await host(setting.node, setting.coordinator.endpoint, name: "a") { kind, client in
            guard kind == .startRound else { return true }
            let problem = Problem(.misconfigured, "the key is wrong", advice: "check it")
            client.request(HostFailed(host: 0, problem: problem), expecting: Acknowledged.self) { _ in }
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

    @Test func aLostChildEndsTheRun() async throws {
        let setting = try setting()
        async let result = play(setting, hosts: 1)
        setting.driver.post.yield(.childLost(LocalCluster.Loss(name: "llm-gateway", explanation: "llm-gateway died")))
        #expect(await result.outcome == .failed("llm-gateway died"))
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
