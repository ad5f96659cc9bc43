import Model
import ServiceRuntime
import Testing
import Wire

@testable import AgentHostRole

@Suite(.timeLimit(.minutes(1))) struct TakeoverOrderTests {
    @Test func turnsOfTheFirstLostPartitionsBeginWhileOthersAreStillBeingLoaded() async throws {
        let (partitions, quick) = (UInt32(24), UInt32(6))
        // Snapshots of all but the first few partitions never come.
        let scene = try HostScene(
            partitions: Int(partitions),
            recorded: { envelope in
                guard envelope.kind == WireKind.loadSnapshot.rawValue else { return nil }
                let isQuick = try LoadSnapshot(body: envelope.body).partition < quick
                return isQuick ? SnapshotPage(round: 1, agents: [], more: false) : nil
            })
        try await scene.takesPart()
        scene.say(
            LeaseGrant(
                grant: 1, closedRound: 1,
                leases: (0...partitions).map { Lease(partition: $0, epoch: 9, host: HostScene.number) },
                hosts: [HostAddress(host: HostScene.number, endpoint: "here")]))
        scene.say(StartRound(round: 2, time: 0))
        try await scene.until { try scene.recorder.requested(LoadPartition.self).count == quick }
        #expect(try scene.recorder.requested(LoadPartition.self).map(\.partition).sorted() == Array(0..<quick))
        scene.say(HostDismissed(host: HostScene.number, reason: "enough"))
        _ = try await scene.life.value
    }
}
