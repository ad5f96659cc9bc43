import Logging
import Model
import ServiceRuntime
import SimulationKit
import Support
import Testing
import TurnEngine
import Wire

@testable import AgentHostRole

/// Three agents of one partition, and a writer of their snapshots.
private struct Scene {
    static let agents = (0..<3).map { AgentID(number: $0) }
    static let lease = Lease(partition: 0, epoch: 5, host: 1)

    let table: Guarded<AgentTable>
    let recorder: FakeRecorder
    let writer: SnapshotWriter
    let pauses = Guarded(0)

    init(
        pieceBytes: Int = SnapshotWriter.usualPieceBytes, _ answer: @escaping FakeRecorder.Answer
    ) throws {
        let table = Guarded(AgentTable(assets: try IdleScenario.assets(agents: 3)))
        let pauses = pauses
        self.table = table
        recorder = FakeRecorder(answer)
        writer = SnapshotWriter(
            recorder: WireClient(recorder), table: table, members: [Self.agents, [.environment]], rounds: 1,
            launcher: TaskLauncher(), pause: { pauses.withLock { $0 += 1 } },
            meter: WorkMeter(threadTime: ThreadTime.now), pieceBytes: pieceBytes, logger: Logger(label: "test"))
    }

    /// Leaves some memories of an agent to the recorder, and returns them.
    func archive(_ agent: AgentID) throws -> [MemoryState.LongEntry] {
        var whole = AgentState()
        let entries = (0..<2).map {
            MemoryState.LongEntry(text: "memory \($0)", time: $0, importance: 3, vector: nil)
        }
        var chain = MemoryChain()
        chain.append(contentsOf: entries)
        whole.memory = MemoryState(
            short: [], pending: [], accumulator: 0, archived: entries.count, archivedTime: 1)
        try table.withLock { try $0.install(head: whole.packedHead(chain), of: agent, round: 0) }
        return entries
    }

    /// Every agent of `agents` gets a field in this round.
    func change(_ agents: [AgentID] = agents, round: UInt32) {
        table.withLock { table in
            table.beginMerge(round)
            for agent in agents {
                table.merge(.set(field: "round", value: .int(Int64(round))), target: agent, round: round) { _ in nil }
            }
            table.endMerge()
        }
    }

    func capture(_ round: UInt32, under lease: Lease = Self.lease) { writer.capture([lease], round: round) }

    /// Waits until the recorder has been sent a last piece of `round`.
    func complete(_ round: UInt32) async throws {
        while try !recorder.seen(StoreSnapshot.self).contains(where: { $0.round == round && $0.isLast }) {
            await Task.yield()
        }
    }
}

@Suite struct SnapshotWriterTests {
    @Test(.timeLimit(.minutes(1))) func whatChangedGoesOutUnderTheLease() async throws {
        let scene = try Scene { _ in Acknowledged() }
        scene.change(round: 1)
        scene.capture(1)
        try await scene.complete(1)
        let sent = try scene.recorder.seen(StoreSnapshot.self)
        #expect(sent.allSatisfy { $0.epoch == 5 && $0.partition == 0 && $0.round == 1 })
        #expect(sent.flatMap(\.agents).map(\.agent) == Scene.agents)
        for agent in sent.flatMap(\.agents) {
            let (state, _) = try AgentState.restored(head: agent.head)
            #expect(state == scene.table.withLock { $0.state(of: agent.agent) })
        }
    }

    @Test(.timeLimit(.minutes(1))) func aRoundWithoutChangesIsASnapshotTooAndCarriesNothing() async throws {
        let scene = try Scene { _ in Acknowledged() }
        scene.capture(1)
        try await scene.complete(1)
        #expect(try scene.recorder.seen(StoreSnapshot.self).flatMap(\.agents).isEmpty)
    }

    @Test(.timeLimit(.minutes(1))) func aBusyRecorderIsAskedAgainLater() async throws {
        let tries = Guarded(0)
        let scene = try Scene { _ in
            let count = tries.withLock { tries in
                tries += 1
                return tries
            }
            if count <= 2 { throw Problem(.overloaded, "busy") }
            return Acknowledged()
        }
        scene.change(round: 1)
        scene.capture(1)
        while tries.withLock({ $0 }) < 3 { await Task.yield() }
        #expect(scene.pauses.withLock { $0 } == 2)
        let sent = try scene.recorder.seen(StoreSnapshot.self)
        #expect(sent.count == 3 && Set(sent.map { $0.packed() }).count == 1)
    }

    @Test(.timeLimit(.minutes(1))) func aRoundThatClosesMeanwhileTakesThePlaceOfWhatWasNotSent() async throws {
        let isOpen = Guarded(false)
        let scene = try Scene { _ in
            while !isOpen.withLock({ $0 }) { await Task.yield() }
            return Acknowledged()
        }
        scene.change(round: 1)
        scene.capture(1)
        while try scene.recorder.seen(StoreSnapshot.self).isEmpty { await Task.yield() }
        // The piece of round 1 is on its way; nothing is known of it.
        scene.change([Scene.agents[1]], round: 2)
        scene.capture(2)
        isOpen.withLock { $0 = true }
        try await scene.complete(2)
        let second = try scene.recorder.seen(StoreSnapshot.self).filter { $0.round == 2 }.flatMap(\.agents)
        #expect(second.map(\.agent) == Scene.agents)
        for agent in second {
            let (state, _) = try AgentState.restored(head: agent.head)
            #expect(state == scene.table.withLock { $0.state(of: agent.agent) })
        }
    }

    @Test(.timeLimit(.minutes(1))) func aLostPartitionThatComesBackHasSnapshotsAgain() async throws {
        let scene = try Scene { envelope in
            if try StoreSnapshot(body: envelope.body).epoch == 5 { throw Problem(.fenced, "another holder") }
            return Acknowledged()
        }
        scene.change(round: 1)
        scene.capture(1)
        while try scene.recorder.seen(StoreSnapshot.self).isEmpty { await Task.yield() }
        scene.change(round: 2)
        scene.writer.begin(0, anew: false)
        scene.capture(2, under: Lease(partition: 0, epoch: 6, host: 1))
        try await scene.complete(2)
    }

    @Test(.timeLimit(.minutes(1))) func onlyTheFirstPieceTakesThePlaceOfWhatIsDamaged() async throws {
        let tries = Guarded(0)
        let scene = try Scene(pieceBytes: 1) { _ in
            let isFirst = tries.withLock { tries in
                tries += 1
                return tries == 1
            }
            if isFirst { throw Problem(.overloaded, "busy") }
            return Acknowledged()
        }
        scene.change(round: 1)
        scene.writer.begin(0, anew: true)
        scene.capture(1)
        try await scene.complete(1)
        #expect(try scene.recorder.seen(StoreSnapshot.self).map(\.startsAnew) == [true, true, false, false])
    }

    @Test(.timeLimit(.minutes(1))) func anAgentThatIsRebuiltMeanwhileIsNotPassedOver() async throws {
        let isOpen = Guarded(false)
        let scene = try Scene(pieceBytes: 1) { _ in
            while !isOpen.withLock({ $0 }) { await Task.yield() }
            return Acknowledged()
        }
        let memories = try scene.archive(Scene.agents[1])
        scene.change(round: 1)
        scene.capture(1)
        while try scene.recorder.seen(StoreSnapshot.self).isEmpty { await Task.yield() }
        // The first agent's piece is on its way, and what the second's builds on is not what was written.
        scene.table.withLock { $0.rebuild(memories, of: Scene.agents[1]) }
        isOpen.withLock { $0 = true }
        while try !scene.recorder.seen(StoreSnapshot.self).contains(where: {
            $0.agents.map(\.agent) == [Scene.agents[2]]
        }) { await Task.yield() }
        scene.change([Scene.agents[0]], round: 2)
        scene.capture(2)
        try await scene.complete(2)
        let sent = try scene.recorder.seen(StoreSnapshot.self)
        #expect(!sent.contains { $0.round == 1 && $0.isLast })
        let second = sent.filter { $0.round == 2 }.flatMap(\.agents)
        #expect(second.map(\.agent) == Array(Scene.agents.prefix(2)))
        #expect(second.last?.archived == 0 && second.last?.entries.count == memories.count)
    }

    @Test(.timeLimit(.minutes(1))) func anAcknowledgementThatComesAfterARebuildSaysNothingOfTheAgent() async throws {
        let isOpen = Guarded(false)
        let scene = try Scene { _ in
            while !isOpen.withLock({ $0 }) { await Task.yield() }
            return Acknowledged()
        }
        let memories = try scene.archive(Scene.agents[1])
        scene.change(round: 1)
        scene.capture(1)
        while try scene.recorder.seen(StoreSnapshot.self).isEmpty { await Task.yield() }
        scene.table.withLock { $0.rebuild(memories, of: Scene.agents[1]) }
        scene.capture(2)
        isOpen.withLock { $0 = true }
        try await scene.complete(2)
        let second = try scene.recorder.seen(StoreSnapshot.self).filter { $0.round == 2 }.flatMap(\.agents)
        let rebuilt = second.first { $0.agent == Scene.agents[1] }
        #expect(rebuilt?.archived == 0 && rebuilt?.entries.count == memories.count)
    }

    @Test(.timeLimit(.minutes(1)), arguments: [Problem.Code.fenced, .invalid, .conflict])
    func aRefusedPieceEndsItsOwnPartitionsSnapshotsAlone(code: Problem.Code) async throws {
        let scene = try Scene { envelope in
            if try StoreSnapshot(body: envelope.body).partition == 0 { throw Problem(code, "nonsense") }
            return Acknowledged()
        }
        let other = Lease(partition: 1, epoch: 6, host: 1)
        func sent(_ partition: UInt32) throws -> [StoreSnapshot] {
            try scene.recorder.seen(StoreSnapshot.self).filter { $0.partition == partition }
        }
        scene.change(round: 1)
        scene.capture(1)
        while try sent(0).isEmpty { await Task.yield() }
        for round in UInt32(2)...4 {
            scene.change([Scene.agents[0], .environment], round: round)
            scene.writer.capture([Scene.lease, other], round: round)
            while try sent(1).last?.round != round { await Task.yield() }
        }
        // What was captured and refused is not part of what came later: no later piece may make it valid.
        #expect(try sent(0).count == 1)
    }

    @Test(.timeLimit(.minutes(1))) func aDiskThatFailsEndsAllSnapshots() async throws {
        let scene = try Scene { _ in throw Problem(.storage, "full") }
        scene.change(round: 1)
        scene.capture(1)
        var round: UInt32 = 1
        // Once it has stopped, nothing is captured any more: the table still counts the agents as changed.
        while true {
            round += 1
            scene.change(round: round)
            scene.capture(round)
            if scene.table.withLock({ !$0.takeChanges(of: Scene.agents).isEmpty }) { break }
            await Task.yield()
        }
        let count = try scene.recorder.seen(StoreSnapshot.self).count
        scene.capture(round + 1)
        #expect(try scene.recorder.seen(StoreSnapshot.self).count == count)
    }
}
