import Model
import Recording
import Testing

/// Runs that their scenario ends.
@Suite struct EndOfRunTests {
    private func environment(_ round: UInt32, failure: TurnFailure? = nil) -> RecordRequest {
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
                                    operation: .event(name: Operation.endOfRun, details: .map([:])))
                            ])
                    ]
                ).packed(), outcomes: []))
    }

    /// Plays a round up to its close, which it returns.
    private func close(_ fixture: Fixture, _ round: UInt32, _ environment: RecordRequest?) throws -> Bool? {
        try fixture.open(round)
        for agent in fixture.agents.indices { try fixture.send([.commit(fixture.commit(agent, round: round))]) }
        try fixture.send([.mergeRound(fixture.step(round))])
        if let environment { try fixture.send([environment]) }
        guard case .closed(_, let isLast) = try fixture.send([.closeRound(fixture.step(round))]).last else {
            return nil
        }
        return isLast
    }

    @Test func aRunWhoseEnvironmentEndsItHasNoFurtherRound() throws {
        let fixture = try Fixture()
        try fixture.begin()
        #expect(try close(fixture, 1, nil) == false)
        #expect(try close(fixture, 2, environment(2)) == true)
        #expect(try fixture.store.run()?.rounds == 2)
        // The answer may be lost, and the coordinator may ask whether the run is its own with the rounds that it knows.
        #expect(
            try fixture.send([.closeRound(fixture.step(2))]).last.map {
                if case .closed(_, true) = $0 { true } else { false }
            } == true)
        #expect(try fixture.send([.raiseEpoch(epoch: 1, rounds: 3, owner: 1)]) == [.done])
        try fixture.store.close()
        let reader = try RecordingReader(path: fixture.path)
        #expect(try reader.verify().violation == nil)
        try reader.close()
    }

    @Test func aFailedTurnOfTheEnvironmentEndsNothing() throws {
        let fixture = try Fixture()
        try fixture.begin()
        #expect(try close(fixture, 1, environment(1, failure: TurnFailure(reason: .limit, text: "x"))) == false)
    }

    @Test func aRunThatEndedGoesOnWithMoreRounds() throws {
        let fixture = try Fixture()
        try fixture.begin()
        #expect(try close(fixture, 1, environment(1)) == true)
        #expect(try fixture.send([.raiseEpoch(epoch: 2, rounds: 3, owner: 2)]) == [.done])
        #expect(try fixture.store.run()?.rounds == 3)
    }
}
