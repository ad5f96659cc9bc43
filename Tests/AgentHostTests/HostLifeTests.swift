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

@Suite(.timeLimit(.minutes(1))) struct HostLifeTests {
    private let dismissal = HostDismissed(host: HostScene.number, reason: "enough")

    @Test func aHostRegistersUnderItsNameAndFetchesTheRun() async throws {
        let scene = try HostScene()
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
        let scene = try HostScene { $0 < 1 ? Problem(.unavailable, "the earlier one is not lost yet") : nil }
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
        let scene = try HostScene { $0 < 2 ? Problem(.unavailable, "the earlier one is not lost yet") : nil }
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
        let scene = try HostScene { _ in Problem(.fenced, "a later one is there") }
        guard case .dismissed = try await scene.life.value else {
            Issue.record("it left")
            return
        }
        #expect(try scene.beats == 0)
        #expect(scene.coordinator.isClosed)
    }

    @Test func aRefusalThatAPersonMustMendEndsTheProcess() async throws {
        let scene = try HostScene { _ in Problem(.misconfigured, "another version") }
        await #expect(throws: UserError.self) { try await scene.life.value }
    }

    @Test func aHostGivesASignOfLifeEveryQuarterOfASecond() async throws {
        let scene = try HostScene()
        try await scene.takesPart()
        let before = try scene.beats
        for more in 1...3 {
            scene.time.advance(.milliseconds(249))
            #expect(try scene.beats == before + more - 1)
            scene.time.advance(.milliseconds(1))
            try await scene.until { try scene.beats == before + more && scene.time.sleepers == 1 }
        }
        let progress = try scene.coordinator.requested(HostProgress.self)
        #expect(progress.allSatisfy { $0.host == HostScene.number })
        scene.say(dismissal)
        _ = try await scene.life.value
        // And none after the end.
        let last = try scene.beats
        scene.time.advance(.seconds(10))
        #expect(try scene.beats == last)
        #expect(scene.time.sleepers == 0)
    }

    @Test func whileASignOfLifeIsUnansweredTheOthersWantNoAnswer() async throws {
        let scene = try HostScene(acknowledges: false)
        try await scene.takesPart()
        let posted = try scene.coordinator.posted(HostProgress.self).count
        scene.time.advance(.milliseconds(250))
        try await scene.until { try scene.coordinator.posted(HostProgress.self).count == posted + 1 }
        #expect(try scene.coordinator.requested(HostProgress.self).count == 1)
        scene.say(dismissal)
        _ = try await scene.life.value
    }

    @Test func aDismissedHostEndsItsLife() async throws {
        let scene = try HostScene()
        try await scene.takesPart()
        scene.say(HostDismissed(host: HostScene.number + 1, reason: "not meant for us"))
        scene.say(dismissal)
        #expect(try await scene.life.value == .dismissed("enough"))
        #expect(scene.coordinator.isClosed)
        #expect(scene.recorder.isClosed)
    }

    @Test func nothingIsKeptOfALifeThatIsOver() async throws {
        let scene = try HostScene()
        try await scene.takesPart()
        #expect(scene.isKept)
        scene.say(dismissal)
        _ = try await scene.life.value
        // Tasks that were cancelled may still be on their way out.
        await scene.until { !scene.isKept }
    }

    @Test func aCoordinatorThatWasStartedAnewKnowsNothingOfThisLife() async throws {
        let scene = try HostScene()
        try await scene.takesPart()
        // A connection that was lost for a moment is none of that.
        scene.hear(.down)
        scene.hear(.up(serverIncarnation: 1, isRestart: false))
        scene.hear(.up(serverIncarnation: 2, isRestart: true))
        #expect(try await scene.life.value == .dismissed("the coordinator was started anew"))
    }

    @Test func aHostThatTheRecorderRefusesForAWholeLeaseTimeIsOutOfTheRun() async throws {
        let scene = try HostScene()
        try await scene.takesPart()
        scene.say(
            LeaseGrant(
                grant: 1, closedRound: 0, leases: [Lease(partition: 0, epoch: 1, host: HostScene.number)],
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
        #expect(scene.time.now().since(start) >= HostScene.lease)
    }

    @Test func aHostThatIsToLeaveLeaves() async throws {
        let scene = try HostScene()
        try await scene.takesPart()
        scene.life.cancel()
        #expect(try await scene.life.value == .left)
        #expect(scene.recorder.isClosed)
    }
}
