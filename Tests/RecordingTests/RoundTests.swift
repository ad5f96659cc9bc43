import GRDB
import Hashing
import Model
import Recording
import Testing

@Suite struct RoundTests {
    @Test func aRoundMergesOnlyWhenEveryPlannedRootIsIn() throws {
        let fixture = try Fixture(inMemory: true)
        try fixture.begin()
        try fixture.send([.openRound(fixture.step(1))])
        #expect(try fixture.refusal(.mergeRound(fixture.step(1)))?.kind == .conflict)
        try fixture.open(1)
        for agent in fixture.agents.indices.dropLast() { try fixture.send([.commit(fixture.commit(agent))]) }
        #expect(try fixture.refusal(.mergeRound(fixture.step(1)))?.kind == .conflict)
        #expect(try fixture.refusal(.closeRound(fixture.step(1)))?.kind == .conflict)
        let failure = TurnFailure(reason: .limit, text: "too deep")
        try fixture.send([.commit(fixture.commit(fixture.agents.count - 1, failure: failure))])
        let counts = MergeCounts(roots: UInt64(fixture.agents.count), failed: 1, contributions: 0)
        #expect(try fixture.send([.mergeRound(fixture.step(1))]) == [.merged(counts)])
        #expect(try fixture.send([.mergeRound(fixture.step(1))]) == [.merged(counts)])
        // Whoever inherits a partition now may not know yet that the round is merged.
        let roots = UInt32(fixture.agents.count { $0.partition == 0 })
        func plan(_ roots: UInt32) -> RecordRequest {
            .planRound(RecordedPlan(partition: 0, epoch: 1, round: 1, roots: roots))
        }
        #expect(try fixture.send([plan(roots)]) == [.done])
        #expect(try fixture.refusal(plan(roots + 1))?.kind == .conflict)
    }

    @Test func stepsAreTakenInOrderAndMayBeRepeated() throws {
        let fixture = try Fixture(inMemory: true)
        try fixture.begin()
        #expect(try fixture.refusal(.openRound(fixture.step(2)))?.kind == .conflict)
        let digest = try fixture.play(1)
        #expect(try fixture.send([.closeRound(fixture.step(1))]) == [.closed(digest ?? .zero, isLast: false)])
        #expect(try fixture.refusal(.openRound(fixture.step(1)))?.kind == .conflict)
        try fixture.send([.openRound(fixture.step(2)), .openRound(fixture.step(2))])
        let state = try #require(try fixture.store.run())
        #expect(state.closedRound == 1)
        #expect(state.openRound == 2)
        #expect(!state.merged)
    }

    @Test func theSameCoordinatorMayRaiseItsEpochAgain() throws {
        let fixture = try Fixture()
        try fixture.begin()
        for _ in 0..<2 {
            #expect(try fixture.send([.raiseEpoch(epoch: 1, rounds: 3, owner: 1)]) == [.done])
            #expect(try fixture.refusal(.raiseEpoch(epoch: 1, rounds: 3, owner: 2))?.kind == .conflict)
            #expect(try fixture.refusal(.raiseEpoch(epoch: 1, rounds: 4, owner: 1))?.kind == .conflict)
            try fixture.reopen()
        }
        try fixture.send([.raiseEpoch(epoch: 2, rounds: 3, owner: 2)])
        #expect(try fixture.refusal(.raiseEpoch(epoch: 1, rounds: 3, owner: 1))?.kind == .conflict)
        #expect(try fixture.store.run()?.epoch == 2)
    }

    @Test func anOlderCoordinatorIsFenced() throws {
        let fixture = try Fixture(inMemory: true)
        try fixture.begin()
        #expect(try fixture.refusal(.raiseEpoch(epoch: 3, rounds: 3, owner: 1))?.kind == .conflict)
        #expect(try fixture.refusal(.raiseEpoch(epoch: 1, rounds: 3, owner: 2))?.kind == .conflict)
        try fixture.send([.raiseEpoch(epoch: 2, rounds: 4, owner: 2)])
        #expect(try fixture.refusal(.openRound(fixture.step(1)))?.kind == .fenced)
        #expect(try fixture.refusal(.grantPartitions(runEpoch: 1, leases: []))?.kind == .fenced)
        #expect(try fixture.store.run()?.rounds == 4)
    }

    @Test func aLeaseNeedsAHigherEpoch() throws {
        let fixture = try Fixture(inMemory: true)
        try fixture.begin()
        func grant(_ epoch: UInt64, _ host: UInt32) throws -> RecordRefusal? {
            try fixture.refusal(
                .grantPartitions(runEpoch: 1, leases: [Lease(partition: 0, epoch: epoch, host: host)]))
        }
        #expect(try grant(1, 1) == nil)
        #expect(try grant(1, 2)?.kind == .conflict)
        #expect(try grant(5, 2) == nil)
        #expect(try grant(4, 1)?.kind == .conflict)
    }

    @Test func theDigestDoesNotDependOnTheOrderOfArrival() throws {
        func digest(_ order: (Range<Int>) -> [Int]) throws -> Digest256? {
            let fixture = try Fixture(inMemory: true)
            try fixture.begin()
            try fixture.open(1)
            for agent in order(fixture.agents.indices) {
                let outcome = fixture.call(agent)
                try fixture.send([.outcomes([outcome]), .commit(fixture.commit(agent, using: [outcome]))])
            }
            guard
                case .closed(let digest, _) = try fixture.send([
                    .mergeRound(fixture.step(1)), .closeRound(fixture.step(1)),
                ]).last
            else { return nil }
            return digest
        }
        let forward = try digest { Array($0) }
        #expect(forward != nil)
        #expect(try digest { $0.reversed() } == forward)
    }

    @Test func claimsAreGrantedInMergeOrderAcrossRoundsAndRestarts() throws {
        let fixture = try Fixture()
        try fixture.begin()
        let owner = fixture.agents[0].agent
        var granted: [[Bool]] = []
        for round in UInt32(1)...2 {
            try fixture.open(round)
            for agent in fixture.agents.indices.reversed() {
                var operations: [(AgentID, Model.Operation)] = [(owner, .claim(resource: "vacancies", amount: 1))]
                // In the first round the owner opens a second vacancy, which counts where its tree stands.
                if agent == 0, round == 1 { operations = [(owner, .add(field: "vacancies", amount: 1))] }
                try fixture.send([.commit(fixture.commit(agent, round: round, operations: operations))])
            }
            try fixture.send([.mergeRound(fixture.step(round)), .closeRound(fixture.step(round))])
            granted.append(try results(fixture, round: round))
            try fixture.reopen()
        }
        let order = fixture.mergeOrder()
        let place = order.firstIndex(of: 0) ?? 0
        var expected = 1
        let first = order.indices.filter { $0 != place }.map { index -> Bool in
            let available = expected + (index > place ? 1 : 0)
            defer { if available > 0 { expected -= 1 } }
            return available > 0
        }
        #expect(granted[0] == first)
        #expect(granted[0].filter { $0 }.count == 2)
        #expect(granted[1].allSatisfy { !$0 })
        #expect(try RecordingReader(path: fixture.path).verify().violation == nil)
    }

    /// Answers to claims, in the order of the merge over all partitions.
    private func results(_ fixture: Fixture, round: UInt32) throws -> [Bool] {
        var byAgent: [AgentID: Bool] = [:]
        for partition in 0..<Fixture.partitions {
            let page = try fixture.store.merged(round: round, partition: partition, offset: 0)
            for change in page.changes {
                if case .claimResult(_, _, let granted) = change.operation { byAgent[change.target] = granted }
            }
        }
        return fixture.mergeOrder(round: round).compactMap { byAgent[fixture.agents[$0].agent] }
    }

    @Test func mergedChangesReachTheirPartitionInOrderAndInPages() throws {
        let fixture = try Fixture(inMemory: true)
        try fixture.begin()
        try fixture.open(1)
        let receiver = fixture.agents[2]
        for agent in fixture.agents.indices {
            let operations = (0..<2500).map { index -> (AgentID, Model.Operation) in
                (receiver.agent, .add(field: "f\(agent)", amount: Int64(index)))
            }
            try fixture.send([.commit(fixture.commit(agent, operations: operations))])
        }
        #expect(throws: RecordRefusal.self) {
            try fixture.store.merged(round: 1, partition: receiver.partition, offset: 0)
        }
        try fixture.send([.mergeRound(fixture.step(1)), .closeRound(fixture.step(1))])
        var changes: [MergedPage.Change] = []
        var pages = 0
        while true {
            let page = try fixture.store.merged(
                round: 1, partition: receiver.partition, offset: UInt32(changes.count))
            changes += page.changes
            pages += 1
            if !page.more { break }
        }
        #expect(pages == 2)
        let expected = fixture.mergeOrder().flatMap { agent in
            (0..<2500).map { Model.Operation.add(field: "f\(agent)", amount: Int64($0)) }
        }
        #expect(changes.map(\.operation) == expected)
        #expect(try fixture.store.merged(round: 1, partition: receiver.partition, offset: 15_000).changes.isEmpty)
    }

    @Test func theEnvironmentTakesItsTurnOnWhatTheRoundContributed() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        for agent in fixture.agents.indices {
            try fixture.send([
                .commit(fixture.commit(agent, operations: [(.environment, .add(field: "visits", amount: 1))]))
            ])
        }
        let environment = TreeCommit(
            partition: Fixture.partitions, epoch: 1,
            root: TurnID.root(round: 1, kind: .environment, agent: "environment"), round: 1,
            tree: Tree(
                round: 1, kind: .environment,
                turns: [
                    TurnRecord(
                        path: [], agent: .environment, failure: nil, outcomes: [],
                        operations: [
                            TargetedOperation(
                                number: 0, target: fixture.agents[0].agent,
                                operation: .set(field: "news", value: .text("rain")))
                        ])
                ]
            ).packed(), outcomes: [])
        #expect(try fixture.refusal(.commit(environment))?.kind == .conflict)
        try fixture.send([.mergeRound(fixture.step(1))])
        let contributed = try fixture.store.merged(round: 1, partition: Fixture.partitions, offset: 0)
        #expect(contributed.changes.count == fixture.agents.count)
        try fixture.send([.commit(environment), .closeRound(fixture.step(1))])
        let page = try fixture.store.merged(round: 1, partition: fixture.agents[0].partition, offset: 0)
        #expect(page.changes.last?.operation == .set(field: "news", value: .text("rain")))
        try fixture.reopen()
        let again = try fixture.store.merged(round: 1, partition: fixture.agents[0].partition, offset: 0)
        #expect(again.changes == page.changes)
        #expect(try RecordingReader(path: fixture.path).verify().violation == nil)
    }

    /// A closed round in which every agent changes itself alone, and the store opened again, `sql` done to it
    /// meanwhile.
    private func closedAndOpened(_ sql: String) throws -> Fixture {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        for (index, agent) in fixture.agents.enumerated() {
            try fixture.send([.commit(fixture.commit(index, operations: [(agent.agent, .add(field: "a", amount: 1))]))])
        }
        try fixture.send([.mergeRound(fixture.step(1)), .closeRound(fixture.step(1))])
        try fixture.store.close()
        let queue = try DatabaseQueue(path: fixture.path)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
        try fixture.openAgain()
        return fixture
    }

    @Test func aPartitionsChangesComeWithoutTheTreesOfOthers() throws {
        let fixture = try closedAndOpened("UPDATE trees SET bytes = x'00' WHERE partition <> 0")
        #expect(try !fixture.store.merged(round: 1, partition: 0, offset: 0).changes.isEmpty)
    }

    @Test(arguments: [
        "DELETE FROM merged", "UPDATE merged SET changes = changes + 1", "UPDATE merged SET trees = x''",
        "UPDATE merged SET trees = x'00'",
    ])
    func aDamagedIndexIsNeverUsedAndAViolation(_ sql: String) throws {
        let whole = try closedAndOpened("")
        let damaged = try closedAndOpened(sql)
        for partition in 0...Fixture.partitions {
            let page = try damaged.store.merged(round: 1, partition: partition, offset: 0)
            #expect(try page.changes == whole.store.merged(round: 1, partition: partition, offset: 0).changes)
        }
        #expect(try RecordingReader(path: whole.path).verify().violation == nil)
        #expect(try RecordingReader(path: damaged.path).verify().violation?.contains("index") == true)
    }

    @Test func consolidationsBringTheirVectors() throws {
        let fixture = try Fixture(inMemory: true)
        try fixture.begin()
        try fixture.send([.openRound(fixture.step(1))])
        let own = fixture.agents[0]
        for partition in 0..<Fixture.partitions {
            let roots: UInt32 = partition == own.partition ? 1 : 0
            try fixture.send([
                .planRound(RecordedPlan(partition: partition, epoch: 1, round: 1, roots: roots))
            ])
        }
        let embedded = fixture.embedding(0, texts: ["one", "two"], kind: .consolidate)
        let result = Consolidation(importances: [3], insights: [.init(text: "two", importance: 5)], accumulator: 30)
        try fixture.send([
            .outcomes([embedded]),
            .commit(
                fixture.commit(
                    0, using: [embedded], operations: [(own.agent, .consolidate(result))], kind: .consolidate)),
            .mergeRound(fixture.step(1)),
        ])
        let page = try fixture.store.merged(round: 1, partition: own.partition, offset: 0)
        #expect(page.vectors.map(\.text) == [contentHash("one"), contentHash("two")])
    }

    @Test func theRunRecordIsWrittenOnceAndThePopulationIsFixed() throws {
        let fixture = try Fixture(inMemory: true)
        #expect(try fixture.store.run() == nil)
        #expect(try fixture.refusal(.openRound(fixture.step(1)))?.kind == .notFound)
        let create = RecordRequest.createRun(name: "test", definition: Fixture.definition.packed())
        try fixture.send([create, create])
        var other = Fixture.definition
        other.seed = 12
        #expect(try fixture.refusal(.createRun(name: "test", definition: other.packed()))?.kind == .conflict)
        try fixture.send([.recordAgents(fixture.agents), .recordAgents(Array(fixture.agents.prefix(2)))])
        var changed = fixture.agents[0]
        changed.profile = "{}"
        #expect(try fixture.refusal(.recordAgents([changed]))?.kind == .conflict)
        changed.profile = "not JSON"
        #expect(try fixture.refusal(.recordAgents([changed]))?.kind == .invalid)
        #expect(try fixture.refusal(.recordAgents(Array(Fixture.agents(9).suffix(1))))?.kind == .invalid)
    }

    @Test func filesAreKeptByContent() throws {
        let fixture = try Fixture(inMemory: true)
        try fixture.send([.storeFile(name: "a", bytes: [1, 2]), .storeFile(name: "b", bytes: [1, 2])])
        #expect(try fixture.store.file(blobHash([1, 2])) == [1, 2])
        #expect(throws: RecordRefusal.self) { try fixture.store.file(blobHash([3])) }
    }
}
