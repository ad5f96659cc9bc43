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

    /// A recorder that acknowledges nothing until it is opened.
    struct Gate: Sendable {
        private let isOpen = Guarded(false)
        func open() { isOpen.withLock { $0 = true } }
        var answer: FakeRecorder.Answer {
            { _ in
                while !isOpen.withLock({ $0 }) { await Task.yield() }
                return Acknowledged()
            }
        }
    }

    let table: Guarded<AgentTable>
    let recorder: FakeRecorder
    let writer: SnapshotWriter
    let pauses = Guarded(0)

    init(
        pieceBytes: Int = SnapshotWriter.usualPieceBytes, width: Int = SnapshotWriter.usualWidth,
        _ answer: @escaping FakeRecorder.Answer
    ) throws {
        let table = Guarded(AgentTable(assets: try IdleScenario.assets(agents: 3)))
        let pauses = pauses
        self.table = table
        recorder = FakeRecorder(answer)
        writer = SnapshotWriter(
            recorder: WireClient(recorder), table: table, members: [Self.agents, [.environment], [], []], rounds: 1,
            launcher: TaskLauncher(), pause: { pauses.withLock { $0 += 1 } },
            meter: WorkMeter(threadTime: ThreadTime.now), pieceBytes: pieceBytes, width: width,
            logger: Logger(label: "test"))
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
            short: [], pending: [], accumulator: 0, archived: entries.count, lastLongTime: 1)
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

    /// Closes rounds from `first` on until a snapshot of one of them is complete, and gives its pieces.
    func captureUntilComplete(_ first: UInt32) async throws -> [StoreSnapshot] {
        var round = first
        while true {
            capture(round)
            round += 1
            let sent = try recorder.seen(StoreSnapshot.self).filter { $0.round >= first }
            if let last = sent.first(where: \.isLast) { return sent.filter { $0.round == last.round } }
            await Task.yield()
        }
    }

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

    @Test(.timeLimit(.minutes(1))) func aSnapshotThatHasBegunIsFinishedAlsoWhereRoundsCloseFaster() async throws {
        let gate = Scene.Gate()
        let scene = try Scene(pieceBytes: 1, gate.answer)
        scene.change(round: 1)
        scene.capture(1)
        let captured = scene.table.withLock { table in Scene.agents.map { table.state(of: $0) } }
        while try scene.recorder.seen(StoreSnapshot.self).isEmpty { await Task.yield() }
        for round in UInt32(2)...9 {
            scene.change(round: round)
            scene.capture(round)
        }
        gate.open()
        try await scene.complete(1)
        let sent = try scene.recorder.seen(StoreSnapshot.self).filter { $0.round == 1 }.flatMap(\.agents)
        #expect(try sent.map { try AgentState.restored(head: $0.head).state } == captured)
        // What changed meanwhile is in the next.
        let next = try await scene.captureUntilComplete(10)
        #expect(next.flatMap(\.agents).map(\.agent) == Scene.agents)
        for agent in next.flatMap(\.agents) {
            let (state, _) = try AgentState.restored(head: agent.head)
            #expect(state == scene.table.withLock { $0.state(of: agent.agent) })
        }
    }

    @Test(.timeLimit(.minutes(1))) func aSnapshotThatHasNotBegunIsOfTheNewestRound() async throws {
        let gate = Scene.Gate()
        let scene = try Scene(gate.answer)
        let leases = (UInt32(0)...2).map { Lease(partition: $0, epoch: 5, host: 1) }
        scene.change(round: 1)
        scene.writer.capture(leases, round: 1)
        while try scene.recorder.seen(StoreSnapshot.self).count < 2 { await Task.yield() }
        scene.writer.capture(leases, round: 2)
        gate.open()
        while try !scene.recorder.seen(StoreSnapshot.self).contains(where: { $0.partition == 2 }) { await Task.yield() }
        let third = try scene.recorder.seen(StoreSnapshot.self).filter { $0.partition == 2 }
        #expect(third.map(\.round) == [2])
    }

    @Test(.timeLimit(.minutes(1))) func everyPartitionGetsItsPiecesAlsoWhereRoundsCloseFaster() async throws {
        let tries = Guarded<[UInt32]>([])
        let leases = (UInt32(0)...3).map { Lease(partition: $0, epoch: 5, host: 1) }
        let box = Guarded<SnapshotWriter?>(nil)
        // With each piece that the recorder gets, another round closes.
        let scene = try Scene(pieceBytes: 1, width: 1) { envelope in
            let count = try tries.withLock { tries -> Int in
                tries.append(try StoreSnapshot(body: envelope.body).partition)
                return tries.count
            }
            if count < 40 { box.withLock { $0 }?.capture(leases, round: UInt32(count) + 1) }
            return Acknowledged()
        }
        box.withLock { $0 = scene.writer }
        scene.writer.capture(leases, round: 1)
        while tries.withLock({ $0.count }) < 40 { await Task.yield() }
        let seen = tries.withLock { $0 }
        for partition in leases.map(\.partition) {
            #expect(seen.prefix(40).count { $0 == partition } >= 8, "partition \(partition) in \(seen)")
        }
        box.withLock { $0 = nil }
    }

    @Test(.timeLimit(.minutes(1))) func aLostPartitionThatComesBackHasSnapshotsAgain() async throws {
        let scene = try Scene { envelope in
            if try StoreSnapshot(body: envelope.body).epoch == 5 { throw Problem(.fenced, "another holder") }
            return Acknowledged()
        }
        scene.change(round: 1)
        scene.capture(1)
        while scene.writer.pending > 0 { await Task.yield() }
        // Refused as it was, the partition has none until it is loaded again.
        scene.change(round: 2)
        scene.capture(2)
        #expect(scene.writer.pending == 0)
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
        let gate = Scene.Gate()
        let scene = try Scene(pieceBytes: 1, gate.answer)
        let memories = try scene.archive(Scene.agents[1])
        scene.change(round: 1)
        scene.capture(1)
        while try scene.recorder.seen(StoreSnapshot.self).isEmpty { await Task.yield() }
        // The first agent's piece is on its way, and what the second's builds on is not what was written.
        scene.table.withLock { $0.rebuild(memories, of: Scene.agents[1]) }
        gate.open()
        while try !scene.recorder.seen(StoreSnapshot.self).contains(where: {
            $0.agents.map(\.agent) == [Scene.agents[2]]
        }) { await Task.yield() }
        scene.change([Scene.agents[0]], round: 2)
        let second = try await scene.captureUntilComplete(2).flatMap(\.agents)
        #expect(try !scene.recorder.seen(StoreSnapshot.self).contains { $0.round == 1 && $0.isLast })
        #expect(second.map(\.agent) == Array(Scene.agents.prefix(2)))
        #expect(second.last?.archived == 0 && second.last?.entries.count == memories.count)
    }

    @Test(.timeLimit(.minutes(1))) func anAcknowledgementThatComesAfterARebuildSaysNothingOfTheAgent() async throws {
        let gate = Scene.Gate()
        let scene = try Scene(gate.answer)
        let memories = try scene.archive(Scene.agents[1])
        scene.change(round: 1)
        scene.capture(1)
        while try scene.recorder.seen(StoreSnapshot.self).isEmpty { await Task.yield() }
        scene.table.withLock { $0.rebuild(memories, of: Scene.agents[1]) }
        gate.open()
        let second = try await scene.captureUntilComplete(2)
        let rebuilt = second.flatMap(\.agents).first { $0.agent == Scene.agents[1] }
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

    @Test(.timeLimit(.minutes(1))) func aRecorderWhoseDiskIsFullIsAskedAgainLater() async throws {
        let isFull = Guarded(true)
        let scene = try Scene { _ in
            if isFull.withLock({ $0 }) { throw Problem(.storage, "full") }
            return Acknowledged()
        }
        scene.change(round: 1)
        scene.capture(1)
        while scene.pauses.withLock({ $0 }) < 3 { await Task.yield() }
        isFull.withLock { $0 = false }
        try await scene.complete(1)
        #expect(try scene.recorder.seen(StoreSnapshot.self).last?.agents.map(\.agent) == Scene.agents)
    }

    @Test(.timeLimit(.minutes(1))) func aProblemThatNoWaitingMendsEndsAllSnapshots() async throws {
        let scene = try Scene { _ in throw Problem(.misconfigured, "another version") }
        scene.change(round: 1)
        scene.capture(1)
        while scene.writer.pending > 0 { await Task.yield() }
        scene.change(round: 2)
        scene.capture(2)
        #expect(scene.writer.pending == 0)
        #expect(try scene.recorder.seen(StoreSnapshot.self).count == 1)
    }
}
