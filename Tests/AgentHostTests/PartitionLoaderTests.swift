import Hashing
import Logging
import Model
import ServiceRuntime
import SimulationKit
import Support
import Testing
import Transport
import TurnEngine
import Vectors
import Wire

@testable import AgentHostRole

/// A recorder with two closed rounds of one agent: five memories in round 1, of which four are rated in round 2.
private struct Past: Sendable {
    static let agent = AgentID(number: 0)
    static let lease = Lease(partition: 0, epoch: 3, host: 1)

    let assets: SimulationAssets
    /// The agent as the whole journal tells it.
    let state: AgentState

    static func operations(_ round: UInt32) -> [Model.Operation] {
        round == 1
            ? (0..<5).map { .remember(text: "memory \($0)", time: Int64($0)) }
            : [
                .consolidate(Consolidation(importances: [1, 2, 3, 4], insights: [], accumulator: 9)),
                .set(field: "mood", value: .text("good")),
            ]
    }

    init(agents: Int = 1) throws {
        assets = try IdleScenario.assets(agents: agents)
        var table = AgentTable(assets: assets)
        for round in UInt32(1)...2 {
            table.beginMerge(round)
            for operation in Self.operations(round) {
                table.merge(operation, target: Self.agent, round: round) { _ in nil }
            }
            table.endMerge()
        }
        state = table.state(of: Self.agent)
    }

    var head: AgentHead {
        var chain = MemoryChain()
        chain.append(contentsOf: state.memory.long)
        return AgentHead(agent: Self.agent, round: 2, head: state.packedHead(chain))
    }

    var memories: [RecalledMemory] {
        state.memory.long.map {
            RecalledMemory(text: $0.text, time: $0.time, importance: $0.importance, vector: [])
        }
    }

    /// Answers what a recorder with this past does; the snapshot's two questions as given.
    func recorder(
        heads: @escaping @Sendable () throws -> [AgentHead], memories: @escaping @Sendable () throws -> [RecalledMemory]
    ) -> FakeRecorder {
        FakeRecorder { envelope in
            switch envelope.kind {
            case WireKind.loadSnapshot.rawValue:
                return SnapshotPage(round: 2, agents: try heads(), more: false)
            case WireKind.fetchMemory.rawValue:
                let question = try FetchMemory(body: envelope.body)
                // One at a time, so that pages are put together.
                let rest = try memories().prefix(Int(question.count)).dropFirst(Int(question.offset))
                return AgentMemory(entries: Array(rest.prefix(1)), more: rest.count > 1)
            default:
                let question = try FetchMerged(body: envelope.body)
                let changes = Self.operations(question.round).map {
                    MergedOperation(source: Self.agent, target: Self.agent, operation: $0)
                }
                return MergedOperations(
                    operations: question.partition == 0 ? changes : [], vectors: [], more: false)
            }
        }
    }

    func loader(
        _ recorder: FakeRecorder, memoryBytes: Int = .max, snapshotRounds: Int = 0,
        pause: @escaping @Sendable () async throws -> Void = {}
    ) -> PartitionLoader {
        let table = Guarded(AgentTable(assets: assets, memoryBytes: memoryBytes))
        let members = [assets.population.agents, [.environment]]
        let client = WireClient(recorder)
        let logger = Logger(label: "test")
        return PartitionLoader(
            assets: assets, recorder: client, retry: ServiceRetry(pause: { _ in }, report: { _ in }), table: table,
            members: members,
            snapshots: SnapshotWriter(
                recorder: client, table: table, members: members, rounds: snapshotRounds, launcher: TaskLauncher(),
                pause: pause,
                meter: WorkMeter(threadTime: ThreadTime.now), logger: logger),
            launcher: TaskLauncher(), logger: logger)
    }
}

@Suite struct PartitionLoaderTests {
    @Test func aPartitionIsLoadedFromItsHeadsAndTheAgentInFullWhenATurnNeedsIt() async throws {
        let past = try Past()
        let recorder = past.recorder(heads: { [past.head] }, memories: { past.memories })
        let loader = past.loader(recorder)
        try await loader.load([Past.lease], closedRound: 2)
        #expect(try recorder.seen(FetchMerged.self).isEmpty)
        #expect(try recorder.seen(FetchMemory.self).isEmpty)
        #expect(loader.table.withLock { $0.archivedEntries(of: Past.agent) } == 4)
        // Who waits for the same agent shares one fetch.
        let states = try await withThrowingTaskGroup(of: AgentState.self) { group in
            for _ in 0..<20 { group.addTask { try await loader.complete(Past.agent) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(states == Array(repeating: past.state, count: 20))
        #expect(try recorder.seen(FetchMemory.self).count == 4)
    }

    @Test func anAgentThatHasNoRoomIsFetchedForEachOfItsTurns() async throws {
        let past = try Past()
        let recorder = past.recorder(heads: { [past.head] }, memories: { past.memories })
        let loader = past.loader(recorder, memoryBytes: 0)
        try await loader.load([Past.lease], closedRound: 2)
        for turn in 1...3 {
            #expect(try await loader.complete(Past.agent) == past.state)
            _ = loader.table.withLock { $0.archiveSaved() }
            #expect(loader.table.withLock { $0.archivedEntries(of: Past.agent) } == 4)
            #expect(try recorder.seen(FetchMemory.self).count == 4 * turn)
        }
        #expect(try recorder.seen(FetchMerged.self).isEmpty)
    }

    @Test func memoriesThatCameBackDamagedAreNotLeftToTheRecorderAgain() async throws {
        let past = try Past()
        let recorder = past.recorder(heads: { [past.head] }, memories: { past.memories.reversed() })
        let loader = past.loader(recorder, memoryBytes: 0)
        try await loader.load([Past.lease], closedRound: 2)
        #expect(try await loader.complete(Past.agent) == past.state)
        var chain = MemoryChain()
        chain.append(contentsOf: past.state.memory.long)
        loader.table.withLock { [chain] table in
            let changes = table.takeChanges(of: [Past.agent], again: [Past.agent])
            for change in changes { table.note(saved: chain, for: change) }
            table.archiveSaved()
        }
        #expect(loader.table.withLock { $0.archivedEntries(of: Past.agent) } == 0)
        #expect(try await loader.complete(Past.agent) == past.state)
        #expect(try recorder.seen(FetchMerged.self).map(\.round) == [1, 2])
    }

    @Test func aPartitionWhoseAdvanceFailedHalfwayIsLoadedAnew() async throws {
        let past = try Past()
        let fails = Guarded(true)
        let recorder = FakeRecorder { envelope in
            if envelope.kind == WireKind.loadSnapshot.rawValue {
                return SnapshotPage(round: 0, agents: [], more: false)
            }
            let page = try FetchMerged(body: envelope.body)
            let all = Past.operations(page.round).map {
                MergedOperation(source: Past.agent, target: Past.agent, operation: $0)
            }
            guard page.round == 2, fails.withLock({ $0 }) else {
                return MergedOperations(operations: all, vectors: [], more: false)
            }
            if page.offset > 0 { throw Problem(.storage, "the disk") }
            return MergedOperations(operations: Array(all.prefix(1)), vectors: [], more: true)
        }
        let loader = past.loader(recorder)
        try await loader.load([Past.lease], closedRound: 1)
        await #expect(throws: TurnInterrupted.self) { try await loader.advance([Past.lease], to: 2) }
        fails.withLock { $0 = false }
        try await loader.load([Past.lease], closedRound: 2)
        #expect(try await loader.complete(Past.agent) == past.state)
    }

    @Test func aSnapshotThatBecomesNewerWhileItIsReadCountsAsTheOneThatWasBegun() async throws {
        let past = try Past(agents: 2)
        let (first, second) = (Past.agent, AgentID(number: 1))
        let recorder = FakeRecorder { envelope in
            guard envelope.kind == WireKind.loadSnapshot.rawValue else {
                let page = try FetchMerged(body: envelope.body)
                let change = Model.Operation.set(field: "mood", value: .int(Int64(page.round)))
                return MergedOperations(
                    operations: page.round == 3
                        ? [MergedOperation(source: first, target: first, operation: change)] : [],
                    vectors: [], more: false)
            }
            let isFirst = try LoadSnapshot(body: envelope.body).after == nil
            let head = AgentHead(
                agent: isFirst ? first : second, round: isFirst ? 2 : 3, head: AgentState().packedHead(MemoryChain()))
            return SnapshotPage(round: isFirst ? 2 : 3, agents: [head], more: isFirst)
        }
        let loader = past.loader(recorder)
        try await loader.load([Past.lease], closedRound: 3)
        // Its head is as of round 2: it needs what round 3 changed.
        #expect(try await loader.complete(first).fields["mood"] == .int(3))
    }

    @Test func eachAgentKeepsTheVectorThatItWasGivenForOneText() async throws {
        let (first, second) = (AgentID(number: 0), AgentID(number: 1))
        // Half floats of 1: the model answered with different directions on two days.
        let vectors: [AgentID: [UInt8]] = [first: [0, 60, 0, 0, 0, 0, 0, 0], second: [0, 0, 0, 60, 0, 0, 0, 0]]
        let recorder = FakeRecorder { envelope in
            if envelope.kind == WireKind.loadSnapshot.rawValue {
                return SnapshotPage(round: 0, agents: [], more: false)
            }
            let round = try FetchMerged(body: envelope.body).round
            let operations = [first, second].flatMap { agent in
                Past.operations(round).map { MergedOperation(source: agent, target: agent, operation: $0) }
            }
            let given = [first, second].map {
                TextVector(agent: $0, text: contentHash("memory 0"), vector: vectors[$0] ?? [])
            }
            return MergedOperations(operations: operations, vectors: round == 2 ? given : [], more: false)
        }
        let past = try Past(agents: 2)
        let loader = past.loader(recorder, snapshotRounds: 0) {}
        try await loader.load([Past.lease], closedRound: 2)
        for agent in [first, second] {
            let entry = try #require(try await loader.complete(agent).memory.long.first)
            #expect(entry.text == "memory 0")
            #expect(entry.vector == (try FixedVector(bytes: vectors[agent] ?? [], dimension: 4)))
        }
    }

    @Test(.timeLimit(.minutes(1))) func nothingCapturedBeforeAFailedAdvanceIsSentAfterIt() async throws {
        let past = try Past()
        let (isOpen, fails, pauses, woken) = (Guarded(false), Guarded(true), Guarded(0), Guarded(0))
        let recorder = FakeRecorder { envelope in
            switch envelope.kind {
            case WireKind.loadSnapshot.rawValue:
                if fails.withLock({ $0 }) { return SnapshotPage(round: 0, agents: [], more: false) }
                throw Problem(.conflict, "damaged")
            case WireKind.storeSnapshot.rawValue:
                if isOpen.withLock({ $0 }) { return Acknowledged() }
                throw Problem(.overloaded, "busy")
            default:
                let page = try FetchMerged(body: envelope.body)
                if page.round == 3, fails.withLock({ $0 }) { throw Problem(.storage, "the disk") }
                let all = page.round > 2 ? [] : Past.operations(page.round)
                return MergedOperations(
                    operations: all.map { MergedOperation(source: Past.agent, target: Past.agent, operation: $0) },
                    vectors: [], more: false)
            }
        }
        let loader = past.loader(recorder, snapshotRounds: 2) {
            pauses.withLock { $0 += 1 }
            while !isOpen.withLock({ $0 }) { await Task.yield() }
            woken.withLock { $0 += 1 }
        }
        try await loader.load([Past.lease], closedRound: 2)
        while pauses.withLock({ $0 }) == 0 { await Task.yield() }
        await #expect(throws: TurnInterrupted.self) { try await loader.advance([Past.lease], to: 3) }
        fails.withLock { $0 = false }
        // The partition's snapshot turns out to be damaged, and round 3 has none of its own.
        try await loader.load([Past.lease], closedRound: 3)
        isOpen.withLock { $0 = true }
        while woken.withLock({ $0 }) == 0 { await Task.yield() }
        for _ in 0..<10_000 { await Task.yield() }
        try await loader.advance([Past.lease], to: 4)
        while try recorder.seen(StoreSnapshot.self).last?.isLast != true
            || recorder.seen(StoreSnapshot.self).last?.round != 4
        { await Task.yield() }
        let sent = try recorder.seen(StoreSnapshot.self)
        #expect(sent.map(\.round) == [2, 4])
        #expect(sent.map(\.startsAnew) == [false, true])
        #expect(sent.last?.agents.map(\.archived) == [0])
    }

    @Test func aDamagedSnapshotIsNeverUsed() async throws {
        let past = try Past()
        let cases: [@Sendable () throws -> [AgentHead]] = [
            { throw Problem(.conflict, "damaged") },
            { [AgentHead(agent: Past.agent, round: 2, head: [1, 2, 3])] },
            { [AgentHead(agent: .environment, round: 2, head: past.head.head)] },
        ]
        for (index, heads) in cases.enumerated() {
            let recorder = past.recorder(heads: heads, memories: { past.memories })
            let loader = past.loader(recorder)
            try await loader.load([Past.lease], closedRound: 2)
            #expect(try await loader.complete(Past.agent) == past.state, "case \(index)")
            #expect(try recorder.seen(FetchMerged.self).map(\.round) == [1, 2], "case \(index)")
        }
    }

    @Test(.timeLimit(.minutes(1))) func whoIsCancelledDoesNotWaitForARecorderThatIsAway() async throws {
        let past = try Past()
        let (asked, isBack) = (Guarded(0), Guarded(false))
        let recorder = past.recorder(heads: { [past.head] }, memories: { past.memories })
        let link = FakeRecorder { envelope in
            if envelope.kind == WireKind.fetchMemory.rawValue {
                asked.withLock { $0 += 1 }
                while !isBack.withLock({ $0 }) {
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
            return try await recorder.reply(to: envelope)
        }
        let loader = past.loader(link)
        try await loader.load([Past.lease], closedRound: 2)
        let first = Task { try await loader.complete(Past.agent) }
        let second = Task { try await loader.complete(Past.agent) }
        while asked.withLock({ $0 }) == 0 { await Task.yield() }
        first.cancel()
        await #expect(throws: (any Error).self) { try await first.value }
        // The other one asks again, and gets what it waits for.
        isBack.withLock { $0 = true }
        #expect(try await second.value == past.state)
    }

    @Test func damagedMemoriesComeFromTheJournal() async throws {
        let past = try Past()
        let cases: [@Sendable () throws -> [RecalledMemory]] = [
            { throw Problem(.conflict, "damaged") },
            { past.memories.dropLast() },
            { past.memories.reversed() },
        ]
        for (index, memories) in cases.enumerated() {
            let recorder = past.recorder(heads: { [past.head] }, memories: memories)
            let loader = past.loader(recorder)
            try await loader.load([Past.lease], closedRound: 2)
            #expect(try await loader.complete(Past.agent) == past.state, "case \(index)")
            #expect(try recorder.seen(FetchMerged.self).map(\.round) == [1, 2], "case \(index)")
        }
    }

    @Test func whatIsLoadedAlreadyGoesOnRoundByRound() async throws {
        let past = try Past()
        let recorder = past.recorder(heads: { [past.head] }, memories: { past.memories })
        let loader = past.loader(recorder)
        try await loader.load([Past.lease], closedRound: 0)
        try await loader.load([Past.lease], closedRound: 0)
        try await loader.advance([Past.lease], to: 2)
        try await loader.advance([Past.lease], to: 2)
        #expect(try recorder.seen(LoadSnapshot.self).isEmpty)
        #expect(try recorder.seen(FetchMerged.self).map(\.round) == [1, 2])
        #expect(try await loader.complete(Past.agent) == past.state)
        loader.drop(partitions: [0])
        #expect(loader.table.withLock { $0.state(of: Past.agent) } == AgentState())
    }
}
