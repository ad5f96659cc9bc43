import Model
import Recording
import Replay
import SimulationKit
import Support
import Testing

/// What dynamic fields were, round by round, out of a recording.
@Suite struct FieldHistoryTests {
    private func history(_ village: RecordedVillage, version: String = RecordedVillage.version) throws -> [FieldChange]
    {
        let history = try FieldHistory(
            RecordingReader(path: village.path), registry: Village<RecordedVersion>.registry, version: version)
        var changes: [FieldChange] = []
        try history.forEach { changes.append($0) }
        return changes
    }

    @Test func theHistoryIsWhatTheAgentsWereAtTheEndOfEachRound() async throws {
        let village = try RecordedVillage()
        #expect(try history(village) == [])
        // What each round's end differs in from the one before, by the table that played it.
        var expected: [FieldChange] = []
        let agents =
            village.ids.enumerated().map { (AgentID(number: UInt32($0.offset)), $0.element) }
            + [(AgentID.environment, AgentID.environment.description)]
        var before = agents.map { _ in [String: Value]() }
        for round in UInt32(1)...3 {
            try await village.play(rounds: 1)
            let table = village.agents
            for (place, (agent, id)) in agents.enumerated() {
                let fields = table.state(of: agent).fields
                for (field, value) in fields.sorted(by: { $0.key < $1.key }) where before[place][field] != value {
                    expected.append(FieldChange(round: round, agent: id, field: field, value: value))
                }
                before[place] = fields
            }
        }
        let found = try history(village)
        #expect(found == expected)
        // The environment counts and decides, and one agent gives its seats away.
        #expect(found.count { $0.agent == "environment" && $0.field == "talks" } == 3)
        #expect(found.contains { $0.agent == village.ids[0] && $0.field == "seats" && $0.value == .int(0) })
    }

    @Test func anOpenRoundIsNoHistoryYet() async throws {
        let village = try RecordedVillage()
        try await village.play(rounds: 1)
        let closed = try history(village)
        try await village.openRound()
        #expect(try history(village) == closed)
    }

    @Test func anotherVersionOfTheProgramDoesNotGuess() throws {
        let village = try RecordedVillage()
        #expect(throws: UserError.self) { try history(village, version: "2") }
    }
}
