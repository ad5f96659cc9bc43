import GRDB
import Hashing
import Model
import Recording
import Support
import Testing

/// Interventions as the recorder keeps them.
@Suite struct InterventionTests {
    private func request(_ number: UInt64, _ rounds: [UInt32?], epoch: UInt64 = 1) -> RecordRequest {
        .intervene(
            RecordedInterventions(
                runEpoch: epoch, request: Digest128(high: 7, low: number),
                interventions: rounds.enumerated().map {
                    .init(round: $1, content: .map(["announce": .text("\(number).\($0)")]))
                }))
    }

    private func environment(_ fixture: Fixture, round: UInt32, failure: TurnFailure? = nil) -> RecordRequest {
        .commit(
            TreeCommit(
                partition: Fixture.partitions, epoch: 1,
                root: TurnID.root(round: round, kind: .environment, agent: "environment"), round: round,
                tree: Tree(
                    round: round, kind: .environment,
                    turns: [
                        TurnRecord(
                            path: [], agent: .environment, failure: failure, outcomes: [],
                            operations: [
                                TargetedOperation(
                                    number: 0, target: .environment,
                                    operation: .set(field: "intervention", value: .text("hello")))
                            ])
                    ]
                ).packed(), outcomes: []))
    }

    private func playToMerge(_ fixture: Fixture, _ round: UInt32) throws {
        try fixture.open(round)
        for agent in fixture.agents.indices { try fixture.send([.commit(fixture.commit(agent, round: round))]) }
        try fixture.send([.mergeRound(fixture.step(round))])
    }

    @Test func anInterventionTakesEffectWithTheNextRoundWhoseMergeIsStillToCome() throws {
        let fixture = try Fixture()
        try fixture.begin()
        #expect(try fixture.send([request(1, [nil])]) == [.intervened([2])])
        try fixture.open(1)
        #expect(try fixture.send([request(2, [nil, 4])]) == [.intervened([2, 4])])
        #expect(try fixture.refusal(request(3, [nil, 1]))?.kind == .conflict)
        for agent in fixture.agents.indices { try fixture.send([.commit(fixture.commit(agent))]) }
        guard case .merged(let counts) = try fixture.send([.mergeRound(fixture.step(1))]).first else { return }
        #expect(counts.interventions == 2)
        // From now on those of round 2 are fixed.
        #expect(try fixture.send([request(4, [nil])]) == [.intervened([3])])
        #expect(try fixture.refusal(request(5, [2]))?.kind == .conflict)
        #expect(try fixture.send([.mergeRound(fixture.step(1))]) == [.merged(counts)])
        let texts = try fixture.store.interventions(Fixture.partitions, epoch: 1, round: 2).map {
            try Value(packed: $0)["announce"]
        }
        #expect(texts == [.text("1.0"), .text("2.0")])
        #expect(throws: RecordRefusal.self) {
            try fixture.store.interventions(Fixture.partitions, epoch: 2, round: 2)
        }
        #expect(throws: RecordRefusal.self) { try fixture.store.interventions(0, epoch: 1, round: 2) }
        #expect(throws: RecordRefusal.self) {
            try fixture.store.interventions(Fixture.partitions, epoch: 1, round: 3)
        }
    }

    @Test func aRequestThatComesAgainIsAnsweredAlikeAndChangesNothing() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.send([request(1, [nil, 5])])
        try fixture.open(1)
        for agent in fixture.agents.indices { try fixture.send([.commit(fixture.commit(agent))]) }
        try fixture.send([.mergeRound(fixture.step(1))])
        for _ in 0..<2 {
            #expect(try fixture.send([request(1, [nil, 5])]) == [.intervened([2, 5])])
            try fixture.reopen()
        }
        let reader = try RecordingReader(path: fixture.path)
        let kept = try reader.interventions(ofRequest: Digest128(high: 7, low: 1))
        #expect(kept.map(\.round) == [2, 5])
        #expect(try kept.allSatisfy { try !Value(packed: $0.bytes).packed().isEmpty })
        #expect(try reader.interventions(ofRequest: Digest128(high: 7, low: 2)).isEmpty)
        #expect(try reader.interventions(inRound: 2).count == 1)
        try fixture.send([.raiseEpoch(epoch: 2, rounds: 3, owner: 2)])
        #expect(try fixture.refusal(request(9, [nil]))?.kind == .fenced)
    }

    @Test func anotherInterventionUnderANumberThatIsTakenIsRefused() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.send([request(1, [nil, 5])])
        for interventions in [
            [RecordedInterventions.Intervention(round: nil, content: .map(["announce": .text("other")]))],
            [.init(round: nil, content: .map(["announce": .text("1.0")]))],
        ] {
            let other = RecordedInterventions(
                runEpoch: 1, request: Digest128(high: 7, low: 1), interventions: interventions)
            #expect(try fixture.refusal(.intervene(other))?.kind == .conflict)
        }
        #expect(try fixture.send([request(1, [nil, 5])]) == [.intervened([2, 5])])
    }

    @Test func aRoundWithInterventionsClosesOnlyBehindTheEnvironmentsTurnEvenAFailedOne() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.send([request(1, [nil])])
        try playToMerge(fixture, 1)
        #expect(try fixture.refusal(.closeRound(fixture.step(1)))?.kind == .conflict)
        let failure = TurnFailure(reason: .scenarioError, text: "the scenario's part")
        try fixture.send([environment(fixture, round: 1, failure: failure), .closeRound(fixture.step(1))])
        #expect(try fixture.store.merged(round: 1, partition: Fixture.partitions, offset: 0).changes.count == 1)
        try playToMerge(fixture, 2)
        try fixture.send([.closeRound(fixture.step(2))])
        let report = try RecordingReader(path: fixture.path).verify()
        #expect(report.violation == nil)
        #expect(report.rounds == 2)
    }

    @Test(arguments: [
        "DELETE FROM interventions WHERE id = 1", "UPDATE interventions SET round = 3 WHERE id = 1",
        "UPDATE interventions SET bytes = x'c0'", "UPDATE interventions SET content = 'null'",
        "INSERT INTO interventions SELECT 9, round, x'00', n, content, bytes FROM interventions",
        "DELETE FROM steps WHERE kind = 'intervened'",
    ])
    func anInterventionThatWasChangedIsFound(_ sql: String) throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.send([request(1, [nil])])
        try playToMerge(fixture, 1)
        try fixture.store.close()
        try DatabaseQueue(path: fixture.path).write { try $0.execute(sql: sql) }
        #expect(try RecordingReader(path: fixture.path).verify().violation != nil)
    }

    @Test func aRoundTakesNoMoreThanOneMessageHolds() throws {
        let fixture = try Fixture(inMemory: true)
        try fixture.begin()
        for number in 0..<4 as Range<UInt64> {
            try fixture.send([request(number, [UInt32?](repeating: 2, count: 64))])
        }
        #expect(try fixture.refusal(request(4, [2]))?.kind == .invalid)
        #expect(try fixture.send([request(5, [3])]) == [.intervened([3])])
    }
}

extension InterventionTests {
    @Test func whoIntervenesDoesNotMakeTheRunIdle() throws {
        let fixture = try Fixture()
        let ticks = Guarded<Int64>(0)
        try fixture.store.close()
        fixture.store = try SQLiteRecordStore(
            .file(fixture.path),
            wallClock: {
                ticks.withLock { ticks in
                    ticks += 1
                    return ticks
                }
            })
        try fixture.begin()
        try fixture.send([request(1, [nil])])
        try fixture.open(1)
        let worked = ticks.withLock { $0 }
        try fixture.send([.raiseEpoch(epoch: 2, rounds: 1, owner: 2)])
        let reader = try RecordingReader(path: fixture.path)
        defer { try? reader.close() }
        #expect(try reader.idleTimes().allSatisfy { $0.lowerBound >= worked })
    }
}
